// Pack each built file beforehand (brotli and gzip), so that serving costs nothing, and say the weight.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = process.argv[2] ?? fileURLToPath(new URL("../src/watchkeeper/keeper/web/static", import.meta.url));
const packable = /\.(html|js|css|svg|json)$/;

function files(path) {
  return readdirSync(path).flatMap((name) => {
    const whole = join(path, name);
    return statSync(whole).isDirectory() ? files(whole) : [whole];
  });
}

let plain = 0;
let packed = 0;
for (const path of files(folder).filter((name) => packable.test(name))) {
  const content = readFileSync(path);
  const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  plain += content.length;
  packed += brotli.length;
}
console.log(`page: ${(plain / 1000).toFixed(1)} kB, packed ${(packed / 1000).toFixed(1)} kB`);
