const encoder = new TextEncoder();

/** Length in UTF-8 bytes, which is what the server's limit counts. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** A file size for people: "640 B", "12 KB", "3.4 MB", in the reader's number format. */
export function fileSize(bytes: number, locale: string): string {
  const [value, unit] =
    bytes < 1000 ? [bytes, 'byte'] : bytes < 1_000_000 ? [bytes / 1000, 'kilobyte'] : [bytes / 1_000_000, 'megabyte'];
  const maximumFractionDigits = unit === 'megabyte' ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits }).format(value);
}
