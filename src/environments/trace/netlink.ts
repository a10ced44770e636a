/** What netlink messages say: an error of gVisor's or Linux's stands inside the reply, and the call that received it succeeded. */

const HEADER = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  /** The errno inside NLMSG_ERROR or NLMSG_DONE; undefined where there is none, or where it is 0, an acknowledgement. */
  readonly errno: number | undefined;
  readonly length: number;
}

/** The messages of a buffer, as far as they are whole (struct nlmsghdr, netlink(7)). */
export function netlinkMessages(bytes: Uint8Array): NetlinkMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > bytes.length) break;
    const type = view.getUint16(at + 4, true);
    const hasError = (type === NLMSG_ERROR || type === NLMSG_DONE) && length >= HEADER + 4;
    const error = hasError ? view.getInt32(at + HEADER, true) : 0;
    messages.push({
      type,
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      port: view.getUint32(at + 12, true),
      errno: error < 0 ? -error : undefined,
      length,
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** Whether a descriptor's origin is a netlink socket. */
export function isNetlink(origin: string | undefined): boolean {
  return origin?.startsWith("socket:16:") ?? false;
}
