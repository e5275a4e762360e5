/** Every keyboard shortcut of the desk; the help dialog lists this same table. */
export const SHORTCUTS = [
  { keys: 'j', action: 'next', does: 'Next conversation' },
  { keys: 'k', action: 'previous', does: 'Previous conversation' },
  { keys: 'Enter', action: 'open', does: 'Go into the conversation' },
  { keys: 't', action: 'takeover', does: 'Take over' },
  { keys: 'r', action: 'reply', does: 'Reply' },
  { keys: 'n', action: 'note', does: 'Internal note' },
  { keys: 'h', action: 'transfer', does: 'Transfer to a team' },
  { keys: 'b', action: 'release', does: 'Hand back to the bot' },
  { keys: 'e', action: 'resolve', does: 'Resolve' },
  { keys: '/', action: 'search', does: 'Search' },
  { keys: '?', action: 'help', does: 'This list' },
  { keys: 'Escape', action: 'leave', does: 'Leave the field or the conversation' },
] as const;

export type Action = (typeof SHORTCUTS)[number]['action'];

interface Pressed {
  key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; isComposing: boolean;
}

/** What a key press asks for, or null. `typing` is true while the focus is in a field, `button` on something Enter would press. */
export function action(event: Pressed, typing: boolean, button: boolean): Action | null {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (typing && event.key !== 'Escape') return null;
  if (button && event.key === 'Enter') return null;
  return SHORTCUTS.find((s) => s.keys === event.key)?.action ?? null;
}
