/** What commands end with. `sandfit run` alone gives the exit status of what it ran. */

/** 0 nothing wrong, 1 findings, refused or not decided, 2 could not do the job. */
export type ExitCode = 0 | 1 | 2;
