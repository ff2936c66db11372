'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const MOST = 12;
  const at = (id) => document.getElementById(id);
  const make = (name, type, ...children) => {
    const made = document.createElement(name);
    if (type) made.className = type;
    made.append(...children);
    return made;
  };
  document.querySelectorAll('.scripted').forEach((one) => { one.hidden = false; });

  // Some of the samples: those that are of everything that is chosen.
  const filters = at('filters');
  if (filters) {
    const cards = [...at('samples').children];
    const filter = () => {
      const chosen = [...filters.querySelectorAll('input:checked')].filter((one) => one.value);
      let shown = 0;
      for (const card of cards) {
        card.hidden = !chosen.every((one) => card.dataset[one.name] === one.value);
        if (!card.hidden) shown += 1;
      }
      at('shown').textContent = chosen.length ? shown + ' of ' + cards.length + ' samples.' : '';
    };
    filters.addEventListener('change', filter);
    filter();
  }

  const query = at('query');
  if (!query || !data.people) return;
  const odd = new Set(data.odd);
  const hidden = new Set(data.hidden);
  const drawn = new Set(data.drawn);
  const bare = (text) => text.toLowerCase().replace(/\s+/g, ' ').trim();
  const text = (told) => {
    let out = '';
    for (let i = 0; i < told.length; i += 1) {
      if (typeof told[i] === 'string') { out += told[i]; continue; }
      out += data.base.slice(told[i], told[i] + told[i + 1]);
      i += 1;
    }
    return out;
  };
  const person = ([id, address, place, wording, zone, price, told, segments, units, ucs2, cuts, flaws]) => ({
    id, address, place, wording: data.words[wording], zone: data.words[zone], price: data.words[price], told,
    segments, units, ucs2, cuts, flaws: flaws || [],
  });
  let people = null;
  const load = () => {
    people = people || data.people.map((entry) => {
      const one = person(entry);
      one.key = bare(one.id + '\n' + one.address);
      one.digits = one.address.replace(/[^0-9•]/g, '');
      return one;
    });
    return people;
  };
  // A number that somebody types is held against the digits that are shown, from behind; dots stand for any.
  const dialled = (digits, shown) => {
    if (digits.length < 7 || digits.length > shown.length) return false;
    for (let i = 1; i <= digits.length; i += 1) {
      const there = shown[shown.length - i];
      if (there !== '•' && there !== digits[digits.length - i]) return false;
    }
    return true;
  };
  const find = (typed) => {
    const wanted = bare(typed);
    const digits = /^[0-9+ ().\/-]+$/.test(typed) ? typed.replace(/[^0-9]/g, '').replace(/^0+/, '') : '';
    const exact = [];
    const near = [];
    const said = [];
    for (const one of load()) {
      if (bare(one.id) === wanted || bare(one.address) === wanted || (digits && dialled(digits, one.digits))) exact.push(one);
      else if (one.key.includes(wanted)) near.push(one);
      else if (wanted.length > 2) {
        if (one.low === undefined) one.low = bare(text(one.told));
        if (one.low.includes(wanted)) said.push(one);
      }
    }
    return [...exact, ...near, ...said];
  };

  const number = (count, word) => count.toLocaleString('en') + ' ' + word + (count === 1 ? '' : 's');
  const code = (c) => 'U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  const shape = (c) => (hidden.has(c) ? '\ufffd' : c);
  const runs = (whole, from, to, ucs2) => {
    // What does something between its neighbours does it here as well, across a cut too.
    const before = [...whole.slice(Math.max(0, from - 2), from)].pop() || '';
    const behind = [...whole.slice(to, to + 2)].shift() || '';
    const part = [before, ...whole.slice(from, to), behind];
    const out = [];
    let run = '';
    let wasOdd = false;
    const put = () => {
      if (run && wasOdd) {
        const u = make('u', '', run);
        u.title = 'GSM-7 lacks it';
        out.push(u);
      } else if (run) out.push(run);
      run = '';
    };
    part.slice(1, -1).forEach((c, index) => {
      const isOdd = Boolean(ucs2) && odd.has(c);
      if (isOdd !== wasOdd) put();
      wasOdd = isOdd;
      run += drawn.has(part[index] + c + part[index + 2]) ? c : shape(c);
    });
    put();
    return out;
  };
  const bubble = (one) => {
    const whole = text(one.told);
    const made = make('p', 'bubble');
    made.dir = 'auto';
    let from = 0;
    [...one.cuts, whole.length].forEach((to, index) => {
      if (index > 0) {
        const seen = make('span', '', String(index + 1));
        seen.setAttribute('aria-hidden', 'true');
        const cut = make('span', 'cut', seen, make('span', 'told', ' (segment ' + (index + 1) + ') '));
        cut.title = 'segment ' + (index + 1) + ' begins here';
        made.append(cut);
      }
      made.append(...runs(whole, from, to, one.ucs2));
      from = to;
    });
    return made;
  };
  const because = (one) => {
    const all = [...new Set([...text(one.told)].filter((c) => odd.has(c)))];
    const most = all.slice(0, 8);
    const more = all.length > 8 ? ' and ' + (all.length - 8) + ' more' : '';
    const made = make('p', 'because', 'UCS-2 because of ');
    most.forEach((c, index) => {
      const behind = index + 1 < most.length ? ', ' : more;
      made.append(make('code', '', shape(c)), ' (' + code(c) + ')' + behind);
    });
    return made;
  };
  const card = (one) => {
    const heading = make('h3', '', one.id || one.address);
    heading.dir = 'auto';
    const made = make('article', 'card', heading);
    if (one.id) made.append(make('p', 'address', one.address));
    made.append(make('div', 'phone', make('p', 'sender', data.sender), bubble(one)));
    const takes = one.segments ? [number(one.segments, 'segment') + ', ' + number(one.units, 'unit') + ' of ' + (one.ucs2 ? 'UCS-2' : 'GSM-7')] : [];
    if (one.price) takes.push(one.price);
    if (takes.length) made.append(make('p', 'takes', takes.join(' · ')));
    if (one.segments && one.ucs2) made.append(because(one));
    one.flaws.forEach((flaw) => made.append(make('p', 'flaw', 'Worth a look: ' + flaw)));
    made.append(make('p', 'whose', [one.wording, one.zone, one.place].filter(Boolean).join(' · ')));
    return made;
  };

  query.addEventListener('input', () => {
    const typed = query.value.trim();
    const found = typed ? find(typed) : [];
    at('results').replaceChildren(...found.slice(0, MOST).map(card));
    if (!typed) at('found').textContent = '';
    else if (!found.length) at('found').textContent = 'Nobody is found.';
    else at('found').textContent = number(found.length, 'recipient') + (found.length > MOST ? ' found, the first ' + MOST + ' are shown.' : ' found.');
  });
})();
