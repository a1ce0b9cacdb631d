import type { Version } from '../api';
import type { VersionsApi } from '../api/versions';
import type { GridSource, JsonCell } from '../grid';
import { cellText } from '../grid';

/** The pages of a table of a version; the version's commit is asked for, so that all pages are of one version. */
export function pages(versions: VersionsApi, version: Version, name: string): GridSource {
  const table = version.tables.find(each => each.name === name)!;
  const { rows, columns } = table;
  return {
    label: name,
    shape: () => Promise.resolve({ rows, columns }),
    page: async ({ offset, limit, firstColumn, columnCount }, signal) => {
      const wanted = columns.slice(firstColumn, firstColumn + columnCount);
      const query = { ref: version.commit.id, offset, limit, columns: wanted.map(column => column.name) };
      const page = await versions.page(version.dataset_id, name, query, signal);
      const texts = (row: unknown[]) =>
        row.map((cell, index) => cellText(wanted[index].type, cell as JsonCell));
      return { offset, rows: page.cells.map(texts) };
    }
  };
}
