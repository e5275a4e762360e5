/** In a constructed style sheet, which a page's `style-src` does not forbid as it would a <style> element. */
export default `
:host{all:initial;position:fixed;inset-block-end:20px;inset-inline-end:20px;z-index:2147483000;
  --f:var(--dh-fill,#0f6a5b);--i:var(--dh-ink,#fff)}
*{box-sizing:border-box}
button{all:unset;position:relative;display:grid;place-items:center;inline-size:56px;block-size:56px;border-radius:50%;
  background:var(--f);color:var(--i);cursor:pointer;box-shadow:0 6px 20px #0b1f1a47,0 1px 4px #0b1f1a33;transition:transform .18s ease}
button:hover{transform:translateY(-2px)}
button:active{transform:none}
button:focus-visible{outline:3px solid var(--f);outline-offset:3px}
svg{grid-area:1/1;inline-size:28px;block-size:28px;fill:currentColor;transition:opacity .15s,transform .2s}
svg+svg{fill:none;stroke:currentColor;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round;opacity:0;transform:rotate(-60deg) scale(.6)}
:host(.open) svg{opacity:0;transform:rotate(40deg) scale(.6)}
:host(.open) svg+svg{opacity:1;transform:none}
.badge{position:absolute;inset-block-start:-3px;inset-inline-end:-3px;min-inline-size:22px;padding:0 6px;border-radius:11px;
  background:#c4281c;color:#fff;font:600 13px/22px system-ui,sans-serif;text-align:center;box-shadow:0 0 0 2px #fff}
.badge[hidden]{display:none}
iframe{position:absolute;inset-block-end:72px;inset-inline-end:0;inline-size:400px;block-size:min(680px,100vh - 112px);max-inline-size:calc(100vw - 40px);
  border:0;border-radius:16px;background:transparent;color-scheme:normal;
  box-shadow:0 16px 48px #0b1f1a38,0 2px 10px #0b1f1a24;
  opacity:0;visibility:hidden;transform:translateY(10px) scale(.985);transform-origin:bottom right;transition:opacity .16s,transform .2s cubic-bezier(.2,.8,.3,1),visibility 0s .2s}
:host([dir=rtl]) iframe{transform-origin:bottom left}
:host(.open) iframe{opacity:1;visibility:visible;transform:none;transition-delay:0s}
@media (max-width:480px),(max-height:480px) and (pointer:coarse){
  iframe{position:fixed;inset:0;inline-size:100vw;max-inline-size:none;block-size:100vh;block-size:100dvh;border-radius:0}
  :host(.open) button{visibility:hidden}
}
@media (prefers-reduced-motion:reduce){*,button:hover{transition:none!important;transform:none!important}}
@media print{:host{display:none}}
`;
