import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { refusal, unreachable } from './errors';

const BASE = 'jupyter-datasets/api/v1';

type Value = string | number | boolean;

export type Query = Record<string, Value | Value[] | undefined>;

export interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

/** Calls routes of the server extension: JSON in, JSON out, refusals as ApiError. */
export class Client {
  constructor(readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  /** Where a route is; each part is escaped. */
  url(parts: string[], query: Query = {}): string {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      [value ?? []].flat().forEach(each => asked.append(name, String(each)));
    }
    const path = URLExt.join(this.settings.baseUrl, BASE, ...parts.map(encodeURIComponent));
    return asked.size ? `${path}?${asked}` : path;
  }

  get<T>(parts: string[], options: Options = {}): Promise<T> {
    return this.call('GET', parts, options);
  }

  post<T>(parts: string[], body?: unknown): Promise<T> {
    return this.call('POST', parts, { body });
  }

  put<T>(parts: string[], body: unknown): Promise<T> {
    return this.call('PUT', parts, { body });
  }

  delete<T>(parts: string[]): Promise<T> {
    return this.call('DELETE', parts, {});
  }

  private async call<T>(method: string, parts: string[], options: Options): Promise<T> {
    const init: RequestInit = { method, signal: options.signal };
    if (options.body !== undefined) {
      init.body = JSON.stringify(options.body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    const answer = await this.send(this.url(parts, options.query), init);
    if (!answer.ok) {
      throw await refusal(answer);
    }
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  private async send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      throw init.signal?.aborted ? error : unreachable(error);
    }
  }
}
