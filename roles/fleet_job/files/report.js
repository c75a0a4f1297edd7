// Copyright (c) 2026, modelarts.liteserver contributors
// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
(() => {
  const rows = Array.from(document.querySelectorAll('.row'), (row) => ({ row, text: row.textContent.toLowerCase() }));
  const text = document.getElementById('text');
  const verdict = document.getElementById('verdict');
  const shown = document.getElementById('shown');
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const entry of rows) {
      const fits = (!verdict.value || entry.row.dataset.v === verdict.value) && words.every((word) => entry.text.includes(word));
      entry.row.hidden = !fits;
      count += fits;
    }
    for (const part of document.querySelectorAll('.unit, .wave')) {
      part.hidden = !part.querySelector('.row:not([hidden])');
    }
    shown.textContent = count === rows.length ? `${count} servers` : `${count} of ${rows.length} servers`;
  };
  text.addEventListener('input', apply);
  verdict.addEventListener('change', apply);
  document.getElementById('filter').addEventListener('submit', (event) => event.preventDefault());
  document.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = document.activeElement;
    if (!step || !row.classList.contains('row')) { return; }
    const visible = rows.map((entry) => entry.row).filter((one) => !one.hidden);
    const next = visible[visible.indexOf(row) + step];
    if (next) { next.focus(); event.preventDefault(); }
  });
  apply();
})();
