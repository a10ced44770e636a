/**
 * `unguided.ts TARGET FOLDER SECONDS LONGEST`: inputs that jazzer.js has learnt are changed at random, without looking which
 * branches they reach, which is several times as fast as with looking. What is being run stands in FOLDER.current, for
 * when this process has to be ended because it hangs.
 */

import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { mutated, Random } from "./mutate.js";
import { targets } from "./targets/index.js";

const MOST_BYTES = 1536 * 1024 ** 2;
const EVERY = 500;

const [target = "", folder = "", seconds = "60", longest = "65536"] = process.argv.slice(2);
const fuzz = targets[target];
if (fuzz === undefined) throw new Error(`there is no target ${target}`);
const inputs = readdirSync(folder).map((name) => new Uint8Array(readFileSync(join(folder, name))));
const seed = Date.now() >>> 0;
const random = new Random(seed);
const pick = () => inputs[random.below(inputs.length)] as Uint8Array;
const current = openSync(`${folder}.current`, "w");
const end = performance.now() + Number(seconds) * 1000;
let runs = 0;
console.log(`${target}: ${inputs.length} inputs, seed ${seed}`);
for (; runs % EVERY > 0 || performance.now() < end; runs++) {
  const data = mutated(pick(), pick(), Number(longest), random);
  ftruncateSync(current, 0);
  writeSync(current, data, 0, data.length, 0);
  await fuzz(Buffer.from(data));
  if (runs % EVERY === 0 && process.memoryUsage.rss() > MOST_BYTES) throw new Error("more than 1.5 GB of memory");
}
closeSync(current);
rmSync(`${folder}.current`);
console.log(`${target}: ${runs} executions without guidance`);
