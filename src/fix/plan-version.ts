/** Of plans as they are saved: one of another version is not read. */
export const PLAN_VERSION = 1;
