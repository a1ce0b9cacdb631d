// A history of made-up commits: COMMITS, newest first, is put in by the tests.
import { assignLanes, HistoryView } from '/history.js';

const PAGE = 2000;
const FIRST = 200;

window.broken = false;
window.asked = [];
window.assignLanes = assignLanes;
window.commits = COMMITS;

const source = {
  label: 'History made up',
  commits: async cursor => {
    window.asked.push(cursor);
    if (window.broken) {
      throw new Error('<b>The server</b> is away.');
    }
    const offset = Number(cursor ?? 0);
    const end = offset + (offset ? PAGE : FIRST);
    return { items: window.commits.slice(offset, end), cursor: end < window.commits.length ? String(end) : null };
  },
  refs: async () => [
    { name: 'main', kind: 'branch', commit: null },
    { name: 'v1.0', kind: 'tag', commit: null }
  ]
};

window.selected = [];
window.opened = null;
window.start = () => {
  const before = performance.now();
  window.view = new HistoryView(document.getElementById('host'), source, {
    onSelect: ids => (window.selected = ids),
    onOpen: id => (window.opened = id)
  });
  return new Promise(resolve => {
    const look = () =>
      document.querySelector('.jd-commit circle')
        ? setTimeout(() => resolve(performance.now() - before))
        : requestAnimationFrame(look);
    look();
  });
};
