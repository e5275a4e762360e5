import { words } from './format';

/** What a playbook takes, as a form asks for it. */
export interface Field {
  name: string; label: string; hint: string; required: boolean; kind: 'text' | 'number' | 'whole' | 'yes-no' | 'choice';
  choices: string[]; least: number | undefined; most: number | undefined; longest: number | undefined;
  /** The choices as the schema has them: they need not be texts. */
  values: unknown[];
}

interface Property { type?: string | string[]; title?: string; description?: string; enum?: unknown[]; minimum?: number; maximum?: number; maxLength?: number }

/** The fields of a JSON Schema of plain values; what is not plain is left to the bot, which asks the customer. */
export function fieldsOf(schema: unknown): Field[] {
  const { properties = {}, required = [] } = (schema ?? {}) as { properties?: Record<string, Property>; required?: string[] };
  return Object.entries(properties).flatMap(([name, it]) => {
    const type = Array.isArray(it.type) ? it.type.find((one) => one !== 'null') : it.type;
    const kind = it.enum ? 'choice' : type === 'boolean' ? 'yes-no' : type === 'integer' ? 'whole' : type === 'number' ? 'number' : type === 'string' || type === undefined ? 'text' : null;
    if (kind === null) return [];
    const values = it.enum ?? [];
    return [{ name, label: it.title ?? words(name), hint: it.description ?? '', required: required.includes(name), kind, choices: values.map(String), values, least: it.minimum, most: it.maximum, longest: it.maxLength }];
  });
}

/** What was given, in the schema's types. What was left empty was not given: the bot asks for it. */
export function given(fields: readonly Field[], values: Record<string, string | boolean>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const { name, kind, choices, values: known, required } of fields) {
    const value = values[name];
    if (kind === 'yes-no') {
      // Not ticked is an answer where one is needed.
      if (value !== undefined || required) out[name] = value === true;
    } else if (typeof value === 'string' && value.trim() !== '') {
      if (kind === 'choice') out[name] = known[choices.indexOf(value)];
      else out[name] = kind === 'text' ? value.trim() : Number(value);
    }
  }
  return out;
}
