// How long pages take to load and to search, by the browser's own clock; nothing is asserted:
//   node measure.mjs FILE.html [WORDS]
// Each is the middle one of several runs, each in a browser of its own profile.

import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launch } from './browser.mjs';

const RUNS = 7;
const [file, words = 'a'] = process.argv.slice(2);
const middle = (all) => all.sort((one, other) => one - other)[Math.floor(all.length / 2)].toFixed(0);

const browser = await launch();
const [loaded, drawn, searched] = [[], [], []];
for (let run = 0; run < RUNS; run += 1) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(pathToFileURL(resolve(file)).href, { waitUntil: 'load' });
  const times = await page.evaluate(() => new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const [way] = performance.getEntriesByType('navigation');
      done([way.loadEventEnd, performance.now()]);
    }));
  }));
  loaded.push(times[0]);
  drawn.push(times[1]);
  searched.push(await page.evaluate((typed) => {
    const query = document.getElementById('query');
    const began = performance.now();
    query.value = typed;
    query.dispatchEvent(new Event('input'));
    document.body.getBoundingClientRect();
    return performance.now() - began;
  }, words));
  await page.context().close();
}
await browser.close();
const size = (statSync(file).size / 1e6).toFixed(2);
console.log(`${basename(file)}: ${size} MB, loaded after ${middle(loaded)} ms, drawn after ${middle(drawn)} ms, the first search for \`${words}\` took ${middle(searched)} ms (middle of ${RUNS} runs)`);
