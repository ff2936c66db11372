// Chromium without a window, without a network, and without anything of its own to say.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/// The program, if there is one: `SENDPLAN_CHROMIUM`, or where Debian and others put it.
export const program = () => [process.env.SENDPLAN_CHROMIUM, ...PLACES].find((path) => path && existsSync(path));

export const launch = () =>
  chromium.launch({
    executablePath: program(),
    args: [
      '--no-sandbox', // Nobody is but root in a container.
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--no-default-browser-check',
      '--host-resolver-rules=MAP * ~NOTFOUND',
    ],
  });
