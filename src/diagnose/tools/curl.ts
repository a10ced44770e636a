/** Tries a curl: names its TLS, and fetches from a server that this process opens on the loopback interface. */

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { type Bench, JobFailed, type Trial, versionIn } from "./bench.js";

/** As curl --version names them in its first line (lib/vtls in curl's source). */
const TLS = /\b(?:OpenSSL|LibreSSL|BoringSSL|AWS-LC|GnuTLS|mbedTLS|wolfSSL|BearSSL|rustls(?:-ffi)?|Schannel|SecureTransport)\S*/i;

export async function tryCurl(bench: Bench): Promise<Trial> {
  const said = await bench.do("tell its version", ["--version"]);
  const line = said.stdout.split("\n")[0];
  const tls = TLS.exec(line)?.[0];
  const did = [tls === undefined ? "names no TLS" : `TLS by ${tls}`];
  const server = await serve();
  if (typeof server === "string") {
    return { outcome: "unsure", version: versionIn(line), did: [...did, `no fetch was tried: ${server}`] };
  }
  try {
    const job = "fetch from a loopback server";
    // -q: without the user's .curlrc; a loopback address never goes through a proxy.
    const fetched = await bench.do(job, ["-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "15", server.url]);
    if (fetched.stdout !== server.answer) throw new JobFailed(job, fetched, "what it fetched is not what was sent");
  } finally {
    server.close();
  }
  return { outcome: "works", version: versionIn(line), did: [...did, "fetched from a loopback server"] };
}

interface Server {
  readonly url: string;
  readonly answer: string;
  close(): void;
}

/** Opens the server on a free port; the reason where that cannot be done. */
async function serve(): Promise<Server | string> {
  const answer = randomBytes(2048).toString("hex");
  const server = createServer((_request, response) => response.end(answer));
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(`no loopback server can be opened here (${error.code})`));
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({
        url: `http://127.0.0.1:${port}/`,
        answer,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
