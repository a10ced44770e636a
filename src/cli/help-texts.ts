/** What --help and the manual page say beside the commands. */

export const EXIT_CODES = `
Exit codes:
  0  nothing found, or done
  1  findings, refused, or not decided
  2  error: bad input, or the job could not be done
  run and rehearse exit as the command that they run; with 126 where it cannot
  be executed, 127 where there is no such command, 128+N where signal N ended it.`;

export const ENVIRONMENT = `
Environment:
  NO_COLOR     no colors, unless it is empty
  FORCE_COLOR  colors in files and pipes as well, unless it is empty or 0`;
