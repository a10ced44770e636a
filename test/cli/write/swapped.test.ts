/**
 * Others replace, rewrite, remove or redirect what is about to be written, at every step of a fix, an undo, a report and a package:
 * what they put there stays as it is, and a sentence says so. Step by step, in this process: nothing waits for luck.
 */

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type FixOptions, type FixStep, fixCommand } from "../../../src/cli/commands/fix.js";
import { reportCommand } from "../../../src/cli/commands/report.js";
import { type UndoStep, undoCommand } from "../../../src/cli/commands/undo.js";
import { writeEnvFile } from "../../../src/diagnose/tools/env-file.js";
import { openFile } from "../../../src/files/file-source.js";
import { defaultLimits } from "../../../src/input/archive/limits.js";
import { pack } from "../../../src/pack/pack.js";
import { openDestination } from "../../../src/write/destination.js";
import { writePatched, writeWhole } from "../../../src/write/replace.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { temporaryFolder, writeSample } from "../../support/folder.js";
import { endsOf, writeLargeApe } from "../../support/large.js";

const said: string[] = [];
vi.mock("../../../src/cli/output.js", async (original) => ({
  ...(await original<object>()),
  print: async (text: string) => void said.push(text),
}));

const top = temporaryFolder();
const original = Buffer.from(sampleProgram("gs-call").bytes);
const RECORD = ".sandfit-undo.json";
const LONG_AGO = 1_000_000_000;

/** d/p is the program, through the symlinks link → d and p.link → p; victim is what must not be touched. */
interface Case {
  readonly cwd: string;
  readonly file: string;
}

let current: Case;
beforeEach(() => {
  const cwd = mkdtempSync(join(top, "case-"));
  mkdirSync(join(cwd, "d"));
  mkdirSync(join(cwd, "other"));
  const file = writeSample(join(cwd, "d"), "gs-call", "p");
  utimesSync(file, LONG_AGO, LONG_AGO);
  writeFileSync(join(cwd, "victim"), "SECRET");
  writeFileSync(join(cwd, "other", "p"), "ANOTHER");
  symlinkSync("d", join(cwd, "link"));
  symlinkSync("p", join(cwd, "d", "p.link"));
  current = { cwd, file };
});

const put = (path: string, text: string) => {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};
const redirect = (link: string, target: string) => {
  symlinkSync(target, `${link}.new`);
  renameSync(`${link}.new`, link);
};

/** What others do: by which name the program was given, the deed, and what has to be there afterwards. */
interface Deed {
  readonly name: string;
  readonly by: string;
  act(at: Case): void;
  stands(at: Case): void;
}

const deeds: readonly Deed[] = [
  {
    name: "the symlink is led to another file",
    by: "d/p.link",
    act: ({ cwd }) => redirect(join(cwd, "d", "p.link"), join(cwd, "victim")),
    stands: ({ cwd, file }) => {
      expect(readFileSync(join(cwd, "victim"), "utf8")).toBe("SECRET");
      expect(existsSync(file)).toBe(true);
    },
  },
  {
    name: "the symlink to its directory is led to another",
    by: "link/p",
    act: ({ cwd }) => redirect(join(cwd, "link"), "other"),
    stands: ({ cwd }) => {
      expect(readFileSync(join(cwd, "other", "p"), "utf8")).toBe("ANOTHER");
      expect(readdirSync(join(cwd, "other"))).toEqual(["p"]);
    },
  },
  {
    name: "the directory is moved away, and another has its name",
    by: "d/p",
    act: ({ cwd }) => {
      renameSync(join(cwd, "d"), join(cwd, "moved"));
      renameSync(join(cwd, "other"), join(cwd, "d"));
    },
    stands: ({ cwd }) => {
      expect(readFileSync(join(cwd, "d", "p"), "utf8")).toBe("ANOTHER");
      expect(readdirSync(join(cwd, "d"))).toEqual(["p"]);
    },
  },
  {
    name: "a symlink takes its place",
    by: "d/p",
    act: ({ cwd, file }) => redirect(file, join(cwd, "victim")),
    stands: ({ cwd }) => expect(readFileSync(join(cwd, "victim"), "utf8")).toBe("SECRET"),
  },
  {
    name: "a new build takes its place",
    by: "d/p",
    act: ({ file }) => put(file, "NEW BUILD"),
    stands: ({ file }) => expect(readFileSync(file, "utf8")).toBe("NEW BUILD"),
  },
  {
    name: "it is written over, with as many bytes",
    by: "d/p",
    act: ({ file }) => writeFileSync(file, Buffer.alloc(original.length, 0x2e)),
    stands: ({ file }) => expect(readFileSync(file).every((byte) => byte === 0x2e)).toBe(true),
  },
  {
    name: "it grows",
    by: "d/p",
    act: ({ file }) => appendFileSync(file, "more"),
    stands: ({ file }) => expect(readFileSync(file).length).toBe(original.length + 4),
  },
  {
    name: "it is removed",
    by: "d/p",
    act: ({ file }) => rmSync(file),
    stands: ({ file }) => expect(existsSync(file)).toBe(false),
  },
];

const sentence = /^\S+ (was replaced|changed|was removed) while it was being read$/;
const plain: FixOptions = { as: "elf" };

/** Does the deed once, at its step. */
function once<T extends string>(step: T, deed: Deed): (reached: T) => void {
  let isDone = false;
  return (reached) => {
    if (reached !== step || isDone) return;
    isDone = true;
    deed.act(current);
  };
}

/** No temporary file, and no record beside what is not the program any more. */
function nothingLeft({ cwd }: Case): void {
  for (const folder of ["d", "other", "moved"]) {
    if (!existsSync(join(cwd, folder))) continue;
    expect(readdirSync(join(cwd, folder)).filter((name) => name.startsWith(".") || name.endsWith(RECORD))).toEqual([]);
  }
}

const fixSteps: readonly FixStep[] = ["opened", "resolved", "planned", "locked", "copied", "proved", "recorded"];

describe.each(deeds)("fix --in-place, when $name", (deed) => {
  test.each(fixSteps)("after %s", async (step) => {
    const name = join(current.cwd, deed.by);
    const fixed = fixCommand(name, { ...plain, inPlace: true }, [], once<FixStep>(step, deed));
    await expect(fixed).rejects.toThrow(sentence);
    deed.stands(current);
    nothingLeft(current);
  });
});

const undoSteps: readonly UndoStep[] = ["opened", "resolved", "locked", "copied", "proved", "recorded"];

describe.each(deeds)("undo, when $name", (deed) => {
  test.each(undoSteps)("after %s", async (step) => {
    const name = join(current.cwd, deed.by);
    await fixCommand(name, { ...plain, inPlace: true });
    utimesSync(current.file, LONG_AGO, LONG_AGO);
    const record = `${current.file}${RECORD}`;
    const before = readFileSync(record, "utf8");
    await expect(undoCommand(name, {}, once<UndoStep>(step, deed))).rejects.toThrow(sentence);
    deed.stands(current);
    const kept = existsSync(record) ? record : join(current.cwd, "moved", `p${RECORD}`);
    expect(readFileSync(kept, "utf8")).toBe(before);
  });
});

describe("a large file that is changed where it stands", () => {
  test.each(["planned", "locked", "proved"] as const)(
    "is left alone when it is replaced or written to after %s",
    async (step) => {
      const size = 70 * 1024 * 1024;
      for (const act of [(file: string) => put(file, "NEW BUILD"), (file: string) => appendFileSync(file, "more")]) {
        const file = join(current.cwd, "large");
        writeLargeApe(file, size);
        const deed = { name: "", by: "", act: () => act(file), stands: () => {} };
        await expect(fixCommand(file, { ...plain, inPlace: true }, [], once<FixStep>(step, deed))).rejects.toThrow(sentence);
        const isNew = readFileSync(file).length < 20;
        if (isNew) expect(readFileSync(file, "utf8")).toBe("NEW BUILD");
        else expect(endsOf(file, size).start).toEqual(Buffer.from(sampleProgram("ape-gs").bytes));
        expect(existsSync(`${file}${RECORD}`)).toBe(false);
        rmSync(file);
      }
    },
  );
});

describe("fix -o", () => {
  const steps: readonly FixStep[] = ["resolved", "planned", "locked", "copied", "proved", "recorded"];

  test.each(steps)("over another file with --force leaves what has taken that file's place after %s", async (step) => {
    const { cwd, file } = current;
    for (const act of [
      (out: string) => put(out, "NEW"),
      (out: string) => redirect(out, join(cwd, "victim")),
      (out: string) => appendFileSync(out, "more"),
    ]) {
      const out = join(cwd, "out");
      rmSync(out, { force: true });
      writeFileSync(out, "OLD");
      const deed = { name: "", by: "", act: () => act(out), stands: () => {} };
      await expect(fixCommand(file, { ...plain, output: out, force: true }, [], once<FixStep>(step, deed))).rejects.toThrow(
        sentence,
      );
      expect(["NEW", "SECRET", "OLDmore"]).toContain(readFileSync(out, "utf8"));
      expect(readFileSync(join(cwd, "victim"), "utf8")).toBe("SECRET");
      expect(readdirSync(cwd).filter((name) => name.startsWith(".") || name.endsWith(RECORD))).toEqual([]);
    }
  });

  test.each(steps)("is made all the same where the file that it would replace is gone after %s", async (step) => {
    const out = join(current.cwd, "out");
    writeFileSync(out, "OLD");
    const deed = { name: "", by: "", act: () => rmSync(out), stands: () => {} };
    expect(await fixCommand(current.file, { ...plain, output: out, force: true }, [], once<FixStep>(step, deed))).toBe(0);
    expect(readFileSync(out).length).toBe(original.length);
  });

  test.each(steps)("leaves what appears where nothing was after %s, with --force too", async (step) => {
    for (const forced of [{}, { force: true }] as const) {
      const out = join(current.cwd, "out");
      const deed = { name: "", by: "", act: () => writeFileSync(out, "PRECIOUS"), stands: () => {} };
      const fixed = fixCommand(current.file, { ...plain, output: out, ...forced }, [], once<FixStep>(step, deed));
      await expect(fixed).rejects.toThrow(/out appeared while it was being written$/);
      expect(readFileSync(out, "utf8")).toBe("PRECIOUS");
      rmSync(out);
    }
  });

  test.each(["resolved", "planned", "locked"] as const)("refuses a source that is written to after %s", async (step) => {
    const deed = { name: "", by: "", act: () => appendFileSync(current.file, "more"), stands: () => {} };
    const out = join(current.cwd, "out");
    await expect(fixCommand(current.file, { ...plain, output: out }, [], once<FixStep>(step, deed))).rejects.toThrow(
      /changed while it was being read/,
    );
    expect(existsSync(out)).toBe(false);
  });

  test.each(steps.filter((step) => step !== "recorded"))(
    "and its plan leave what takes the plan's place after %s",
    async (step) => {
      const plan = join(current.cwd, "plan.json");
      const out = join(current.cwd, "out");
      const act = () => redirect(plan, join(current.cwd, "victim"));
      const options: FixOptions = { ...plain, output: out, plan, force: true };
      // The plan is written during the proof: what comes after that replaces a finished plan.
      if (step === "proved") return;
      await expect(
        fixCommand(current.file, options, [], once<FixStep>(step, { name: "", by: "", act, stands: () => {} })),
      ).rejects.toThrow(/plan\.json (was replaced|appeared) while/);
      expect(readFileSync(join(current.cwd, "victim"), "utf8")).toBe("SECRET");
      expect(existsSync(out)).toBe(false);
    },
  );
});

describe("other outputs", () => {
  test("a text leaves what has taken the place of the file that it would replace, and the directory too", () => {
    const { cwd } = current;
    for (const deed of deeds.filter(({ name }) => !name.includes("removed"))) {
      rmSync(join(cwd, "d", "p"), { force: true });
      const at = mkdtempSync(join(cwd, "text-"));
      for (const folder of ["d", "other"]) mkdirSync(join(at, folder));
      writeFileSync(join(at, "d", "p"), original);
      utimesSync(join(at, "d", "p"), LONG_AGO, LONG_AGO);
      writeFileSync(join(at, "victim"), "SECRET");
      writeFileSync(join(at, "other", "p"), "ANOTHER");
      symlinkSync("d", join(at, "link"));
      symlinkSync("p", join(at, "d", "p.link"));
      const here = { cwd: at, file: join(at, "d", "p") };
      const destination = openDestination(join(at, deed.by));
      deed.act(here);
      expect(() => writeWhole(destination, "text"), deed.name).toThrow(sentence);
      destination.close();
      deed.stands(here);
    }
  });

  test("a report too: the place is found before the work", async () => {
    const { cwd, file } = current;
    const out = join(cwd, "report.md");
    writeFileSync(out, "OLD");
    const writing = reportCommand(file, [], { format: "markdown", output: out, target: "newest" });
    // The first await lies behind the look at the place.
    redirect(out, join(cwd, "victim"));
    await expect(writing).rejects.toThrow(/report\.md was replaced while it was being read$/);
    expect(readFileSync(join(cwd, "victim"), "utf8")).toBe("SECRET");
  });

  test.each(["out.tar.gz", "out"])("a package %s: what takes its place, or appears in it, stays", async (name) => {
    const { cwd } = current;
    const out = join(cwd, name);
    const options = { keepGoing: false, allow: [], as: "elf" as const, allowCaseCollisions: false, limits: defaultLimits };
    const run = (force: boolean, act: () => void) => {
      let isDone = false;
      const start = (what: string) => {
        if (what !== "reading back" || isDone) return;
        isDone = true;
        act();
      };
      return pack(join(cwd, "d"), [{ output: out, machine: undefined }], { ...options, force }, { start, advance() {} });
    };
    const fill = () => {
      if (name === "out") mkdirSync(out);
      writeFileSync(name === "out" ? join(out, "precious") : out, "PRECIOUS");
    };
    const precious = () => readFileSync(name === "out" ? join(out, "precious") : out, "utf8");
    await expect(run(true, fill)).rejects.toThrow(/appeared while it was being written/);
    expect(precious()).toBe("PRECIOUS");
    rmSync(out, { recursive: true });

    await run(false, () => {});
    await expect(
      run(true, () => {
        renameSync(out, `${out}.old`);
        fill();
      }),
    ).rejects.toThrow(/was replaced while it was being read/);
    expect(precious()).toBe("PRECIOUS");
    expect(readdirSync(cwd).filter((one) => one.startsWith("."))).toEqual([]);
  });

  test("an env.sh never takes a folder of somebody else's for its own", () => {
    const { cwd } = current;
    const file = join(cwd, "env.sh");
    mkdirSync(`${file}.bin`);
    writeFileSync(join(`${file}.bin`, "precious"), "PRECIOUS");
    expect(() => writeEnvFile(file, [{ name: "lua", path: "/bin/true" }])).toThrow(
      /env\.sh\.bin exists already and was not written by/,
    );
    expect(readFileSync(join(`${file}.bin`, "precious"), "utf8")).toBe("PRECIOUS");
    rmSync(`${file}.bin`, { recursive: true });
    symlinkSync("d", `${file}.bin`);
    expect(() => writeEnvFile(file, [{ name: "lua", path: "/bin/true" }])).toThrow(/env\.sh\.bin exists already/);
    rmSync(`${file}.bin`);
    for (let round = 0; round < 2; round++) writeEnvFile(file, [{ name: "lua", path: "/bin/true" }]);
    expect(readdirSync(`${file}.bin`)).toEqual(["lua"]);
    expect(readdirSync(cwd).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("a directory that is swapped while nothing can be seen of it gets nothing either", async () => {
    const { cwd, file } = current;
    const source = openFile(file);
    const destination = openDestination(join(cwd, "link", "new"));
    redirect(join(cwd, "link"), "other");
    const writing = { overwrite: false, prove: async () => {} };
    await expect(writePatched(source, destination, [], writing)).rejects.toThrow(/was replaced while/);
    destination.close();
    source.close();
    expect(readdirSync(join(cwd, "other"))).toEqual(["p"]);
    expect(readdirSync(join(cwd, "d")).sort()).toEqual(["p", "p.link"]);
  });
});
