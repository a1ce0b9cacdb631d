// A grid over rows that are made up: ROWS, COLUMNS and DELAY are put in by the tests.
import { DataGrid } from '/grid.js';

const types = ['BIGINT', 'VARCHAR', 'DECIMAL(15,2)', 'TIMESTAMP'];
const columns = Array.from({ length: COLUMNS }, (_, index) => ({
  name: index === 1 ? '<img src=x onerror="window.hacked = 1">' : `column ${index}`,
  type: types[index % 4]
}));

function cell(row, column) {
  if (column === 1) {
    return ['null', null, '', '<script>window.hacked = 1</script>', 'tab\there "quoted"\nline'][row % 5];
  }
  return column % 4 === 0 ? String(9007199254740993n + BigInt(row)) : `${row}:${column}`;
}

window.asked = [];
window.aborted = 0;
window.broken = false;

const source = {
  label: 'Table made up',
  shape: async () => ({ columns, rows: ROWS }),
  page: async (request, signal) => {
    window.asked.push(request);
    signal.addEventListener('abort', () => (window.aborted += 1));
    await new Promise(resolve => setTimeout(resolve, DELAY));
    signal.throwIfAborted();
    if (window.broken) {
      throw new Error('<b>The server</b> is away.');
    }
    const row = down =>
      Array.from({ length: request.columnCount }, (_, across) =>
        cell(request.offset + down, request.firstColumn + across)
      );
    return { offset: request.offset, rows: Array.from({ length: request.limit }, (_, down) => row(down)) };
  }
};

window.grid = new DataGrid(document.getElementById('host'), source);
