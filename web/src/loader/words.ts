interface Words { open: string; close: string; unread: string; title: string; rtl: boolean }

const table: Record<string, [open: string, close: string, unread: string, title: string]> = {
  en: ['Open chat', 'Close chat', 'Open chat, {n} unread', 'Support chat'],
  de: ['Chat öffnen', 'Chat schließen', 'Chat öffnen, {n} ungelesen', 'Support-Chat'],
  fr: ['Ouvrir la discussion', 'Fermer la discussion', 'Ouvrir la discussion, {n} non lus', 'Discussion avec l’assistance'],
  es: ['Abrir el chat', 'Cerrar el chat', 'Abrir el chat, {n} sin leer', 'Chat de soporte'],
  ar: ['افتح المحادثة', 'أغلق المحادثة', 'افتح المحادثة، {n} غير مقروءة', 'محادثة الدعم'],
};

/** The launcher's words; English where the language is not ours. */
export function words(locale: string): Words {
  const language = locale.toLowerCase().split(/[-_]/)[0] ?? 'en';
  const [open, close, unread, title] = table[language] ?? table.en!;
  return { open, close, unread, title, rtl: language === 'ar' };
}
