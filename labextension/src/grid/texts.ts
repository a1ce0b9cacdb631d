/** DuckDB's text for a value that came as JSON: what the server sends as a number is written as DuckDB writes it. */

export type JsonCell = string | number | boolean | null;

const NAMES: Record<string, string> = { NaN: 'nan', Infinity: 'inf', '-Infinity': '-inf' };

export function cellText(type: string, cell: JsonCell): string | null {
  if (cell === null) {
    return null;
  }
  if (type === 'DOUBLE' || type === 'FLOAT') {
    return typeof cell === 'number'
      ? realText(cell, type === 'FLOAT')
      : (NAMES[String(cell)] ?? String(cell));
  }
  return String(cell);
}

function realText(value: number, single: boolean): string {
  const [digits, exponent] = shortest(Math.abs(value), single);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return (
    sign + (exponent < -4 || exponent >= 16 ? scientific(digits, exponent) : positional(digits, exponent))
  );
}

/** The fewest digits that name a number, and the power of ten of the first one. */
function shortest(value: number, single: boolean): [string, number] {
  const text = single ? shortestSingle(value) : value.toExponential();
  const [mantissa = '0', power = '0'] = text.split('e');
  return [mantissa.replace('.', ''), Number(power)];
}

function shortestSingle(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) {
      return text;
    }
  }
  return value.toExponential(8);
}

function scientific(digits: string, exponent: number): string {
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${power}`;
}

function positional(digits: string, exponent: number): string {
  if (exponent < 0) {
    return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  }
  const whole = digits.padEnd(exponent + 1, '0');
  return `${whole.slice(0, exponent + 1)}.${whole.slice(exponent + 1) || '0'}`;
}
