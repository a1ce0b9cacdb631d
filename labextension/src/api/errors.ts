/** What the server refused, or why it could not be asked. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly nextStep: string
  ) {
    super(message);
  }

  /** Whether asking again later may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 503 || this.status === 502 || this.status === 504;
  }
}

export async function refusal(answer: Response): Promise<ApiError> {
  const { status } = answer;
  try {
    const { kind, message, next_step } = (await answer.json()).error;
    return new ApiError(status, kind, message, next_step);
  } catch {
    return new ApiError(status, 'internal', `${status} ${answer.statusText}`, '');
  }
}

export function unreachable(cause: unknown): ApiError {
  const error = new ApiError(0, 'server-unreachable', '', '');
  error.cause = cause;
  return error;
}

/** Any failure as an ApiError. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(-1, 'internal', String(error), '');
}
