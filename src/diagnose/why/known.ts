/** What is known of a differing answer: gVisor's source line, its note, its releases, and remedies. */

import { utf8Of } from "../../bytes/text.js";
import { errorName } from "../../environments/trace/error-names.js";
import type { Difference } from "../../gvisor/differences/define.js";
import { suspectsFor, type TracedEvent } from "../../gvisor/differences/suspects.js";
import type { Asked } from "./align.js";
import type { Differing } from "./compare.js";

/** The known differences that all of this may be. */
export function knownDifferences({ differences }: Differing): Difference[] {
  return [
    ...new Set(differences.flatMap(({ gvisor }) => suspectsFor(eventOf(gvisor)).filter((one) => isOfMessage(one, gvisor)))),
  ];
}

/** Messages of NETLINK_ROUTE that have records of their own (linux/rtnetlink.h): the socket is the same for all. */
const MESSAGES: Readonly<Record<string, string>> = { 30: "rtm-getneigh", 34: "rtm-getrule", 38: "rtm-getqdisc" };

function isOfMessage({ id }: Difference, { question }: Asked): boolean {
  const type = /\|after type (\d+)$/.exec(question.key)?.[1];
  return !id.startsWith("rtm-") || type === undefined || MESSAGES[type] === id;
}

function eventOf({ event, question, answer }: Asked): TracedEvent {
  const { call, args, parts, origins } = event;
  const texts = new Map(
    parts.flatMap((part) => (part.kind === "path" || part.kind === "text" ? [[part.argument, utf8Of(part.bytes)] as const] : [])),
  );
  const origin = origins.get(0);
  const socket = /^socket:(\d+):(\d+):(\d+)$/.exec(origin ?? "");
  return {
    call: call.name,
    args: [...args].map((value, i) => texts.get(i) ?? value),
    ...(question.path !== undefined && { path: question.path }),
    answer: answer.errno === undefined ? "ok" : event.errno === undefined ? "NLMSG_ERROR" : errorName(answer.errno),
    ...(socket && { of: { call: "socket", args: socket.slice(1).map(Number) } }),
    ...(origin?.startsWith("/") && { of: { call: "openat", path: origin } }),
  };
}
