import { fileSize } from '../../shared/bytes';
import { Failure } from '../api';
import type { Chat } from '../chat';
import { fill, type Locale } from '../i18n';
import type { Attachment } from '../sync';
import { icon } from './parts';
import { h, type VNode } from './view';

interface Upload { key: string; file: File; share: number; done: Attachment | null; cancel: AbortController }

/** Near the limit the visitor is told how much is left. */
const TELL_BELOW_BYTES = 1_024;
const MAX_HEIGHT_PX = 144;

/** Where the visitor writes. The text is a draft from the first key on, and survives a reload. */
export class Composer {
  #text: string;
  #uploads: Upload[] = [];
  #problem = '';
  #box: HTMLTextAreaElement | null = null;
  #picker: HTMLInputElement | null = null;

  constructor(private readonly chat: Chat, private readonly locale: Locale, private readonly redraw: () => void) {
    this.#text = chat.draft;
  }

  focus(): void {
    this.#box?.focus();
  }

  draw(): VNode {
    const t = this.locale.strings;
    const room = this.chat.room(this.#text);
    const { config } = this.chat;
    const canAttach = config !== null && config.upload_types.length > 0 && config.max_upload_bytes > 0;
    return h(
      'form', { key: 'composer', class: 'composer', onsubmit: (e: SubmitEvent) => { e.preventDefault(); this.#send(); } },
      this.#uploads.length > 0 && h('ul', { key: 'uploads', class: 'uploads' }, this.#uploads.map((u) => this.#upload(u))),
      this.#problem !== '' && h('p', { key: 'problem', class: 'error', role: 'alert' }, h('bdi', null, this.#problem)),
      h(
        'div', { key: 'row', class: 'row' },
        canAttach && [
          h('button', { key: 'attach', type: 'button', class: 'plain', 'aria-label': t.attach, onclick: () => this.#picker?.click() }, icon('clip')),
          h('input', {
            key: 'picker', class: 'picker', type: 'file', multiple: true, tabIndex: -1, 'aria-hidden': 'true', accept: config.upload_types.join(','),
            ref: (node: HTMLInputElement) => (this.#picker = node), onchange: () => this.#picked(),
          }),
        ],
        this.#field(room),
        h('button', { key: 'send', type: 'submit', class: 'send', 'aria-label': t.send, disabled: !this.#ready(room) }, icon('send')),
      ),
      h('p', { key: 'room', id: 'room', class: room < 0 ? 'room over' : 'room', role: 'status' }, this.#roomLeft(room)),
    );
  }

  #field(room: number): VNode {
    const t = this.locale.strings;
    return h('textarea', {
      key: 'field', rows: 1, dir: 'auto', 'aria-label': t.write, placeholder: t.writeHere, 'aria-describedby': 'room', 'aria-invalid': room < 0 ? 'true' : null,
      enterkeyhint: 'send', autocomplete: 'off',
      ref: (node: HTMLTextAreaElement) => {
        this.#box = node;
        node.value = this.#text;
        requestAnimationFrame(() => this.#fit());
      },
      oninput: () => this.#typed(),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.#send();
      },
      onpaste: (event: ClipboardEvent) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        for (const file of files) void this.#add(file);
      },
    });
  }

  #upload(upload: Upload): VNode {
    const t = this.locale.strings;
    const { name } = upload.file;
    return h(
      'li', { key: upload.key }, icon('file'), h('bdi', null, name),
      upload.done === null && h('progress', { max: 1, value: upload.share, 'aria-label': fill(t.uploading, { name }) }),
      h('button', { type: 'button', class: 'plain small', 'aria-label': fill(t.remove, { name }), onclick: () => this.#remove(upload) }, icon('close')),
    );
  }

  #ready(room: number): boolean {
    return room >= 0 && this.#uploads.every((u) => u.done !== null) && (this.#text.trim() !== '' || this.#uploads.length > 0);
  }

  /** Bytes are what the limit counts; people count characters, so the rest is told in theirs. */
  #roomLeft(room: number): string {
    if (room >= TELL_BELOW_BYTES) return '';
    const used = (this.chat.config?.max_message_bytes ?? 16_384) - room;
    const n = Math.max(room === 0 ? 0 : 1, Math.floor((Math.abs(room) * this.#text.length) / Math.max(1, used)));
    return fill(room < 0 ? this.locale.strings.over : this.locale.strings.left, { n });
  }

  #typed(): void {
    this.#text = this.#box?.value ?? '';
    this.chat.draft = this.#text;
    this.chat.typing();
    this.#fit();
    this.redraw();
  }

  #fit(): void {
    const box = this.#box;
    if (box === null) return;
    box.style.blockSize = 'auto';
    box.style.blockSize = `${Math.min(box.scrollHeight + 2, MAX_HEIGHT_PX)}px`;
  }

  #send(): void {
    if (!this.#ready(this.chat.room(this.#text))) return;
    const attachments = this.#uploads.flatMap((u) => (u.done ? [u.done] : []));
    const text = this.#text.trim();
    this.#text = '';
    this.chat.draft = '';
    if (this.#box !== null) this.#box.value = '';
    this.#uploads = [];
    this.#problem = '';
    this.chat.say(text, attachments.length > 0 ? { attachments } : {});
    this.#fit();
    this.focus();
  }

  #picked(): void {
    for (const file of this.#picker?.files ?? []) void this.#add(file);
    if (this.#picker !== null) this.#picker.value = '';
  }

  async #add(file: File): Promise<void> {
    const t = this.locale.strings;
    const { config } = this.chat;
    if (config === null) return;
    this.#problem = '';
    if (file.size > config.max_upload_bytes) {
      return this.#refuse(fill(t.tooBig, { name: file.name, limit: fileSize(config.max_upload_bytes, this.locale.tag) }));
    }
    if (!config.upload_types.includes(file.type)) return this.#refuse(fill(t.wrongType, { name: file.name }));
    const upload: Upload = { key: crypto.randomUUID(), file, share: 0, done: null, cancel: new AbortController() };
    this.#uploads = [...this.#uploads, upload];
    this.redraw();
    try {
      const progress = (share: number): void => {
        upload.share = share;
        this.redraw();
      };
      const { id, name, type, size } = await this.chat.api.upload(file, progress, upload.cancel.signal);
      upload.done = { id, name: name ?? file.name, type: type ?? file.type, size: size ?? file.size };
      this.redraw();
    } catch (error) {
      this.#uploads = this.#uploads.filter((u) => u !== upload);
      if (upload.cancel.signal.aborted) return this.redraw();
      const detail = error instanceof Failure ? error.problem.detail : '';
      this.#refuse(`${fill(t.uploadFailed, { name: file.name })} ${detail}`.trim());
    }
  }

  #remove(upload: Upload): void {
    upload.cancel.abort();
    this.#uploads = this.#uploads.filter((u) => u !== upload);
    this.redraw();
    this.focus();
  }

  #refuse(problem: string): void {
    this.#problem = problem;
    this.redraw();
  }
}
