// Opens pages in Chromium, wide and narrow, by day and by night, and holds each against what every page must be:
//   node check.mjs JOB.json      a list of { file, shots?, texts?, search?, filters? }
//   node check.mjs FILE.html…    the pages alone
// Says what is wrong, a line each, and ends with 1 then.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launch } from './browser.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = [{ width: 1280, height: 900 }, { width: 390, height: 844 }];
const SCHEMES = ['light', 'dark'];

const arguments_ = process.argv.slice(2);
const jobs = arguments_[0]?.endsWith('.json')
  ? JSON.parse(readFileSync(arguments_[0], 'utf8'))
  : arguments_.map((file) => ({ file, shots: process.env.SHOTS }));

const wrong = [];

/// A page that is opened and watched: whatever it says, asks for or opens is wrong.
const open = async (browser, job, options) => {
  const { width, height } = options.viewport;
  const name = `${basename(job.file)} ${width} ${options.colorScheme}${options.javaScriptEnabled === false ? ' without a script' : ''}`;
  const fail = (what) => wrong.push(`${name}: ${what}`);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.setViewportSize({ width, height });
  const url = pathToFileURL(resolve(job.file)).href;
  page.on('console', (message) => fail(`says ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => fail(`throws ${error.message}`));
  page.on('dialog', (dialog) => { fail(`opens a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => { if (request.url() !== url) fail(`asks for ${request.url()}`); });
  await page.goto(url);
  return { page, context, fail, name };
};

const overflow = async ({ page, fail }) => {
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  if (inner > outer) {
    const wide = await page.evaluate((limit) => [...document.body.querySelectorAll('*')]
      .filter((one) => one.getBoundingClientRect().right > limit + 1 && !one.closest('.wide'))
      .slice(0, 3).map((one) => one.outerHTML.slice(0, 80)), outer);
    fail(`is ${inner - outer} px wider than its window: ${wide.join(' | ')}`);
  }
};

const shape = async ({ page, fail }) => {
  const found = await page.evaluate(() => ({
    mains: document.querySelectorAll('main').length,
    heads: document.querySelectorAll('h1').length,
    inline: document.querySelectorAll('[style]').length,
    handlers: [...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((a) => a.name.startsWith('on'))).length,
  }));
  if (found.mains !== 1 || found.heads !== 1) fail(`has ${found.mains} <main> and ${found.heads} <h1>`);
  if (found.inline || found.handlers) fail(`has ${found.inline} style attributes and ${found.handlers} handlers`);
};

/// What stands beside the part of a table that is seen makes no row high: nobody looks at empty rows.
const rows = async ({ page, fail }) => {
  const high = await page.evaluate(() => [...document.querySelectorAll('.wide tr')].filter((row) => row.checkVisibility()).map((row) => {
    const edge = row.closest('.wide').getBoundingClientRect().right;
    const tall = (cells) => Math.max(0, ...cells.map((cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return range.getBoundingClientRect().height;
    }));
    const cells = [...row.children];
    const seen = tall(cells.filter((cell) => cell.getBoundingClientRect().left < edge - 40));
    return { more: tall(cells) - seen, html: row.innerText };
  }).filter((row) => row.more > 30).map((row) => `${Math.round(row.more)} px of ${row.html}`));
  if (high.length) fail(`has rows that are high and empty: ${high.slice(0, 3).join(' | ')}`);
};

const axe = async ({ page, fail }) => {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations', 'passes'] }));
  const grave = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
  for (const one of grave) fail(`axe ${one.impact} ${one.id}: ${one.nodes.length}, such as ${one.nodes[0].html.slice(0, 160)}`);
  if (passes.length < 10) fail(`axe looked at next to nothing: ${passes.length} rules`);
  return violations.length;
};

/// Tab goes through everything that can be reached, in the order of the page, and shows where it is.
const walk = async ({ page, fail }) => {
  const expected = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a[href], input, button, summary, select, textarea, [tabindex="0"]')];
    const groups = new Set();
    const reached = all.filter((one) => {
      if (one.disabled || !one.checkVisibility()) return false;
      if (one.type !== 'radio') return true;
      // Of the choices of one group, the one that is chosen.
      if (groups.has(one.name) || !one.checked) return false;
      groups.add(one.name);
      return true;
    });
    window.reached = reached;
    document.activeElement?.blur?.();
    window.scrollTo(0, 0);
    return reached.length;
  });
  for (let step = 0; step < expected; step += 1) {
    await page.keyboard.press('Tab');
    const seen = await page.evaluate((at) => {
      const active = document.activeElement;
      const shown = [active, active.closest('.choice')].filter(Boolean).some((one) => {
        const style = getComputedStyle(one);
        return style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
      });
      return { right: active === window.reached[at], shown, html: active.outerHTML.slice(0, 100), wanted: window.reached[at].outerHTML.slice(0, 100) };
    }, step);
    if (!seen.right) return fail(`Tab ${step + 1} leads to ${seen.html}, not to ${seen.wanted}`);
    if (!seen.shown) fail(`nothing shows that ${seen.html} has the focus`);
  }
  return undefined;
};

/// Arrows choose among the samples.
const filters = async ({ page, fail }) => {
  const groups = await page.locator('#filters fieldset').count();
  if (groups === 0) fail('has nothing to choose samples by');
  for (let at = 0; at < groups; at += 1) {
    const group = page.locator('#filters fieldset').nth(at);
    const shown = () => page.locator('#samples > article:visible').count();
    const all = await shown();
    await group.locator('input').first().focus();
    await page.keyboard.press('ArrowRight');
    const [some, value, key] = [await shown(), ...await group.locator('input:checked').evaluate((one) => [one.value, one.name])];
    const right = await page.locator(`#samples > article[data-${key}="${value}"]`).count();
    if (!value || some !== right || some >= all) fail(`the arrow chose ${key} ${value}: ${some} of ${all} samples, ${right} of it`);
    await page.keyboard.press('ArrowLeft');
    if (await shown() !== all) fail(`the arrow back shows ${await shown()} of ${all}`);
  }
};

/// What is typed is found, and looks as the sample of the same recipient does.
const search = async ({ page, fail }, wanted) => {
  const query = page.locator('#query');
  for (const one of wanted) {
    await query.focus();
    await query.fill('');
    await page.keyboard.type(one.type);
    const said = await page.locator('#found').textContent();
    const cards = page.locator('#results > article');
    const headings = await cards.locator('h3').allTextContents();
    if (one.none) {
      if (headings.length || !said.includes('Nobody')) fail(`${one.type} finds ${headings.join(', ')}: ${said}`);
      continue;
    }
    if (headings[0] !== one.finds) { fail(`${one.type} finds ${headings.join(', ') || 'nobody'}: ${said}`); continue; }
    if (one.text) {
      const read = await cards.first().locator('.bubble').evaluate((bubble) => {
        const copy = bubble.cloneNode(true);
        copy.querySelectorAll('.cut').forEach((cut) => cut.remove());
        return copy.textContent;
      });
      if (read !== one.text) fail(`${one.type} reads ${JSON.stringify(read)}`);
    }
  }
  await query.fill('');
  // Every sample that can be found is found as it is shown.
  const samples = await page.locator('#samples > article').evaluateAll((all) => all.slice(0, 40).map((card) => ({
    name: card.querySelector('h3').textContent,
    html: card.querySelector('.phone').outerHTML + [...card.querySelectorAll('.takes, .because, .flaw')].map((one) => one.outerHTML).join(''),
  })));
  for (const sample of samples) {
    await query.fill(sample.name);
    const same = await page.locator('#results > article').evaluateAll((all, wantedName) => {
      const card = all.find((one) => one.querySelector('h3').textContent === wantedName);
      return card && card.querySelector('.phone').outerHTML + [...card.querySelectorAll('.takes, .because, .flaw')].map((one) => one.outerHTML).join('');
    }, sample.name);
    if (same !== sample.html) { fail(`${sample.name} is shown as ${sample.html} and found as ${same}`); break; }
  }
  await query.fill('');
};

/// What somebody would put into the page is not run, and nothing leaves it.
const locked = async (browser, job) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(pathToFileURL(resolve(job.file)).href);
  const ran = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
    const div = document.createElement('div');
    div.innerHTML = '<img src="x" onerror="window.ran = true">';
    document.body.append(div);
    const fetched = await fetch('https://sendplan.invalid/').then(() => true, () => false);
    await new Promise((done) => { setTimeout(done, 50); });
    return Boolean(window.ran) || fetched;
  });
  if (ran) wrong.push(`${basename(job.file)}: what is put into it runs`);
  await context.close();
};

const browser = await launch();
for (const job of jobs) {
  for (const viewport of SIZES) {
    for (const colorScheme of SCHEMES) {
      const view = await open(browser, job, { viewport, colorScheme, reducedMotion: colorScheme === 'dark' ? 'reduce' : 'no-preference' });
      const text = await view.page.locator('main').innerText();
      for (const wanted of job.texts ?? []) if (!text.includes(wanted)) view.fail(`does not read ${wanted}`);
      await shape(view);
      await overflow(view);
      await rows(view);
      const slight = await axe(view);
      if (job.shots) {
        await view.page.screenshot({ path: `${job.shots}/${basename(job.file, '.html')}-${viewport.width}-${colorScheme}.png`, fullPage: true });
      }
      await walk(view);
      if (job.filters) await filters(view);
      if (job.search) {
        await search(view, job.search);
        await view.page.locator('#query').fill(job.search[0].type);
        await overflow(view);
        await axe(view);
      }
      console.log(`${view.name}: looked at, ${slight} slight findings of axe`);
      await view.context.close();
    }
  }
  const bare = await open(browser, job, { viewport: SIZES[1], colorScheme: 'light', javaScriptEnabled: false });
  const text = await bare.page.locator('main').innerText();
  for (const wanted of job.texts ?? []) if (!text.includes(wanted)) bare.fail(`does not read ${wanted}`);
  await bare.context.close();
  await locked(browser, job);
}
await browser.close();
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
