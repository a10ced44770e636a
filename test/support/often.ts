/**
 * How much of something random or large a test tries. In the project "unit" it is little; in "proof", which runs the tests that ask here
 * once more (vitest.config.ts names them), it is all.
 */

export const isLong = process.env["SANDFIT_LONG"] === "1";

/** The first in a unit test, the second in the long form of it. */
export function often(few: number, many: number): number {
  return isLong ? many : few;
}

/** Runs a job and gives its processor time in milliseconds, in which other load of the machine does not count. */
export async function processorTime(job: () => Promise<unknown> | unknown): Promise<number> {
  const before = process.cpuUsage();
  await job();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
