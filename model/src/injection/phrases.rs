//! Turns of phrase of attacks, in the languages that people attack in. Patterns work on folded text, in linear time.

use super::{Evidence, Signal};
use regex::{Regex, RegexBuilder};

#[derive(Debug, Clone)]
struct Phrase {
    signal: Signal,
    weight: f64,
    pattern: Regex,
    /// On the text as it is, where case and marks matter.
    raw: bool,
}

/// All of them, compiled.
#[derive(Debug, Clone)]
pub(super) struct Phrases {
    all: Vec<Phrase>,
}

/// Signal, weight alone, pattern on folded text. A gap of a few words may lie where `~` stands.
const FOLDED: &[(Signal, f64, &str)] = &[
    // Overriding what was said before.
    (
        Signal::Override,
        0.9,
        r"\b(ignore|disregard|forget|override|bypass|overrule|neglect|discard)\b~\b(previous|prior|above|preceding|earlier|all|any|your|the|these|those|initial|original|existing|foregoing)\b~\b(instructions?|directions?|directives?|rules?|prompts?|guidelines?|commands?|context|programming|training|polic(y|ies)|constraints?|restrictions?|safeguards?|filters?)\b",
    ),
    (
        Signal::Override,
        0.75,
        r"\b(forget|ignore|disregard)\b ((absolutely )?everything|anything|all) (you('ve| have)? (learned|know|were told|been told|got)|(i|we) (said|told)|(that was )?(said )?(before|above|until now))",
    ),
    (
        Signal::Override,
        0.6,
        r"\b(ignore|disregard)\b (the )?(above|previous)( and)?\b (say|print|write|respond|reply|do|tell)",
    ),
    (
        Signal::Override,
        0.6,
        r"\b(new|updated|real|actual) (instructions?|rules|directives?|task)( are| is)?:",
    ),
    (
        Signal::Override,
        0.6,
        r"\b(do not|don't|never) (follow|obey|listen to|adhere to)\b~\b(openai|instructions|guidelines|rules|policies|previous)\b",
    ),
    (
        Signal::Override,
        0.85,
        r"\b(ignorier\w*|vergiss|vergesst|vergessen sie|missachte\w*|übergehe)\b~\b(anweisung\w*|anleitung\w*|regeln?|vorgaben?|instruktion\w*|befehle?)\b",
    ),
    (
        Signal::Override,
        0.85,
        r"\b(ignor(a|e|ez|er|ar|ad|en|are)|oubli(e|ez|er)|olvid(a|e|ar|ad)|dimentic(a|are|ate)|esque(ça|ce|cer)|negeer|vergeet|zignoruj|zapomnij)\b~\b(instruc\w+|consignes?|règles|reglas|istruzioni|regole|regras|instructies|regels|polecenia|instrukcje|indicaciones|órdenes)\b",
    ),
    (
        Signal::Override,
        0.85,
        r"(игнорируй|забудь|проигнорируй)\w*~(инструкци|правил|указани)\w*|忽略.{0,8}(指令|指示|说明|规则)|無視.{0,8}(指示|命令)|(指示|命令).{0,8}無視|(تجاهل|انس).{0,20}(التعليمات|الأوامر)|(önceki|tüm).{0,20}(talimat|komut)\w* (unut|yok say|görmezden)",
    ),
    // Playing a part.
    (
        Signal::RolePlay,
        0.5,
        r"\b(from now on|henceforth|starting now|for the rest of (this|our) (conversation|chat))\b,?~\b(you|act|respond|answer|reply|chatgpt|your)\b",
    ),
    (
        Signal::RolePlay,
        0.45,
        r"\b(you are|you're|you will|you'll|you must|you have|i want you|you should|you are going) (now |going |gonna |to |be |about )*(to )?(act|acting|pretend|pretending|play|playing|roleplay|role-play|role play|simulate|simulating|impersonate|imitate|immerse|behave|emulate|become|assume)\b",
    ),
    (
        Signal::RolePlay,
        0.45,
        r"(^|[.!?\n\]:;,] *)(please |now |also |so |and |hi chatgpt[,.]? )*(act|pretend|roleplay|role-play|role play|simulate|imagine|behave|respond|reply|answer|speak|write)( as|ing| to be| like)( if| though)? (you|a|an|the|this|my|his|her|being)\b",
    ),
    (
        Signal::RolePlay,
        0.4,
        r"\b(stay|remain|keep|break(ing)?|always) (in|out of|your) (the )?(character|role|persona)\b|\b(in|your|new|this) (persona|character|role|identity|alter ego) (of|as|called|named|is|will)\b|\bact as (a|an|the|my|if)\b.{0,60}\b(ai|bot|chatbot|assistant|terminal|machine|interpreter|model|generator|character|writer|expert|prompt)\b",
    ),
    (
        Signal::RolePlay,
        0.4,
        r"\b(i|we)('ll| will| am going to|'m going to| want to| would like to) (give|provide|play|roleplay|start|begin|send)\b.{0,60}\b(character|role|scenario|persona|game|prompts?|roleplay)\b",
    ),
    (
        Signal::RolePlay,
        0.35,
        r"\b(hypothetical|fictional|imaginary|alternate|parallel|simulated) (response|story|scenario|world|universe|reality|character|setting|conversation|dialogue)\b",
    ),
    (
        Signal::RolePlay,
        0.3,
        r"\b(name|role|personality|backstory|appearance|species|age|gender): ?[<\[(]|\bcharacter (description|sheet|profile|data|name)\b",
    ),
    (
        Signal::RolePlay,
        0.5,
        r"\b(ab jetzt|von nun an)\b~\b(bist|du|sie|antworte\w*)\b|\b(à partir de maintenant|désormais)\b~\b(tu|vous)\b|\b(a partir de ahora|desde ahora)\b~\b(eres|actúa\w*|tú|vas)\b|\bd'ora in poi\b",
    ),
    // Unlocked models.
    (
        Signal::Jailbreak,
        0.8,
        r"\b(do anything now|dan mode|developer mode|jailbr(eak|oken)\w*|jail ?broken|god ?mode|evil ?bot|opposite mode|sudo mode|dude mode|maintenance mode|admin(istrator)? override|root access granted)\b",
    ),
    (
        Signal::Jailbreak,
        0.6,
        r"\b(without|no|free (from|of)|not bound by|not limited by|doesn't have|does not have|have no|has no|bypass\w*|remov\w+|ignor\w+|disregard\w*|no longer|broken free|not (have to )?(adhere|abide|follow|care)\w*)\b~\b(restrictions?|filters?|censorship|limitations?|limits|guidelines|rules|ethic\w*|moral\w*|confines|polic(y|ies)|safeguards?|constraints|boundaries|law|laws|legality|content)\b~\b(ai|openai|model|chatgpt|responses?|answer\w*|anything|whatsoever|language|generate|content|policy)\b",
    ),
    (
        Signal::Jailbreak,
        0.6,
        r"\b(ai|model|bot|chatbot|assistant|machine|character|you|responses?)\b~\b(without|has no|have no|with no|free (from|of)|not bound by)\b (\w+ ){0,2}(restrictions?|filters?|limits|limitations|rules|censorship|guidelines|morals?|ethics|boundaries)\b",
    ),
    (
        Signal::Jailbreak,
        0.55,
        r"\b(unfiltered|uncensored|unrestricted|unhinged|amoral|unethical|immoral|unlocked|restrictionless|lawless)\b~\b(ai|bot|chatbot|responses?|answers?|model|machine|character|assistant|and|being|content|person\w*|manner|way)\b",
    ),
    (
        Signal::Jailbreak,
        0.6,
        r"\b(never|don't|won't|cannot|can't|must not|mustn't|will not|without ever) (ever )?(refus\w+|declin\w+|den(y|ies)|reject|warn\w*|say no|apologi[sz]e|censor\w*|moraliz\w*|(say|mention|state|claim|tell)\w* (that )?(you('re| are)?|it|as an?|i('m| am)|something is)|break character|add (any )?(warnings?|disclaimers?|notes?))\b",
    ),
    (Signal::Jailbreak, 0.55, r"\bas an? (ai|artificial intelligence)( language)?( model)?\b"),
    (
        Signal::Jailbreak,
        0.5,
        r"\b(openai|anthropic|chatgpt)('s)? (content )?(polic(y|ies)|guidelines|rules|restrictions|use case|usage|moderation|censors\w*|terms)\b|\b(content|usage|ethical|moral|safety) (polic(y|ies)|guidelines)\b~\b(ignore|disregard|violat\w*|bypass|no longer|not|without|break)\b",
    ),
    (
        Signal::Jailbreak,
        0.45,
        r"\b(illegal|unlawful|harmful|unethical|immoral|explicit|nsfw|offensive|dangerous|evil|malicious|vulgar|profan\w+|swear\w*|curse words?|sexual\w*|violen\w+|porn\w*)\b~\b(content|things|acts?|activit\w+|information|responses?|answers?|advice|requests?|questions?|topics?|language|is fine|is allowed|allowed|are allowed)\b",
    ),
    (
        Signal::Jailbreak,
        0.4,
        r"\b(tokens?|points?|lives|credits)\b.{0,80}\b(deducted|lose|lost|die|dies|deduct|reaches? (zero|0)|shut ?down|cease to exist|terminated|deactivated)\b",
    ),
    (
        Signal::Jailbreak,
        0.45,
        r"\b(two|2|both|second|dual)( different)?( separate)? (ways|responses|answers|outputs|replies|paragraphs)\b.{0,200}(\[|gpt|normal|jailbreak|standard|classic)",
    ),
    (
        Signal::Jailbreak,
        0.35,
        r"\[[a-z0-9_ ]{2,20}\]:|[\[(🔒🔓😈][^\n]{0,12}(gpt|classic|jailbreak|jailbroken|dan|evil|unlocked)\b",
    ),
    // The instructions themselves.
    (
        Signal::PromptLeak,
        0.8,
        r"\b(system|initial|original|hidden|secret|starting|base|root|internal|developer)[ _-]?(prompts?|instructions|messages?|directives|configuration|initiali[sz]ation)\b",
    ),
    (
        Signal::PromptLeak,
        0.7,
        r"\b(repeat|print|output|show|reveal|display|tell|give|copy|write|recite|summari[sz]e|translate|encode|echo|leak|dump)\b~\b(your|the|all|my|those|these|any)? ?(\w+ )?(instructions|prompt|rules|directives|guidelines)\b~\b(you|were|was|given|above|verbatim|word for word|received|follow|operate|base64)\b",
    ),
    (
        Signal::PromptLeak,
        0.7,
        r"\b(repeat|print|output|show|reveal|display|copy|write|recite|translate|encode|rot13|echo|continue)\b~\b(text|words|everything|content|conversation|message|sentence|all) (above|before|preceding|prior|in the system|you were (given|told))\b",
    ),
    (
        Signal::PromptLeak,
        0.65,
        r"\b(what|which)\b~\b(instructions|prompt|rules|guidelines)\b~\b(you|your|were|given|those)\b|\bwhat (were|are|was|have) (you|your|been)\b~\b(instructed|told|programmed|prompted|not supposed|initial|instructions)\b",
    ),
    (
        Signal::PromptLeak,
        0.6,
        r"\b(my instructions are|i was instructed to|the system prompt is|i (have been|was) programmed)\b|\b(not supposed|forbidden|not allowed) to (tell|reveal|say|share|disclose) (me|us|anyone|users)\b|\brepeat this (entire|whole) conversation\b|\boutput initiali[sz]ation\b",
    ),
    (
        Signal::PromptLeak,
        0.7,
        r"\b(zeig|nenn|verrat|wiederhol|gib|drucke)\w*\b~\b(system-?prompt|systemanweisung\w*|anweisungen|prompt)\b|\b(muestra|revela|repite|dime|muéstrame)\b~\b(prompt|instrucciones)\b|\b(montre|révèle|répète|affiche)\w*\b~\b(prompt|instructions|consignes)\b",
    ),
    // Orders about the answer.
    (
        Signal::OutputControl,
        0.55,
        r"\b(add|include|insert|integrate|incorporate|embed|append|weave|attach|place|put|mention|introduce|use|replace|remove|rearrange|group|substitute|scramble|modify|change|adjust|encode|misspell|swap|reverse|provide|present|write|craft|conclude|end|start|begin|finish|infuse|inject|implement|ensure|convert|jumble|render|augment|suggest|recommend|promote)\b~~\b(in|to|into|for|of|with|within|from|on|throughout) (your|the|this|each|every) (\w+ )?(response|reply|answer|output|responses|replies|answers)\b",
    ),
    (
        Signal::OutputControl,
        0.5,
        r"(^|[.!?\n] *)(in|to|within|throughout) your (response|reply|answer|output|message),? (please )?(suggest|include|mention|add|tell|recommend|encourage|advise|use|promote|direct|insert|replace|state|say|link)\b|\b(convert|jumble|render|scramble|rearrange|misspell|encode) ~?\byour (message|words|letters)\b",
    ),
    (
        Signal::OutputControl,
        0.5,
        r"\b(modify|change|adjust|alter|provide|format|write|present|encode|rearrange|structure|tailor|craft|make|enhance|shape|use|give|limit|convert|deliver|express|present|render|translate) (your|the|all) (\w+ )?(response|reply|answer|output|responses|answers|replies|words)\b~\b(to|by|in|with|as|using|of|that|for|into)\b",
    ),
    (
        Signal::OutputControl,
        0.45,
        r"\b(respond|reply|answer|speak|communicate)\b (to (me|every|all|each|any)\b~ )?(only|solely|exclusively|always|just|strictly)?( with| in| as| using| by)\b.{0,60}\b(character|words?|sentence|tone|style|manner|language|only|format|emoji\w*|voice|nothing|json|markdown|code block)\b",
    ),
    (
        Signal::OutputControl,
        0.4,
        r"\b(start|begin|end|preface|prefix|finish) (every|each|all|your|the)( of)?( your| the| single| one)? ?(\w+ )?(responses?|answers?|repl(y|ies)|messages?|sentences?|outputs?|texts?) with\b|\b(your|the) (first|next|every|each|only) (response|reply|answer|output|message) (should|must|will|shall|has to|is)\b",
    ),
    (
        Signal::OutputControl,
        0.5,
        r"\b(incorporate|include|insert|add|integrate|implement|consider|utilize|apply|use|ensure|employ|embed|make sure)\b~~\b(following|subsequent|given|below|provided|presented|next)\b~\b(code|snippet|script|code block|code segment|lines?|function|section)\b",
    ),
    // Talk to models.
    (
        Signal::AddressesModel,
        0.45,
        r"\b(chat ?gpts?|gpt-?[345]\w*|openai|large language models?|language models?|llm|llama|bard|claude|gemini|midjourney|stable diffusion|dall-?e|prompt (engineer\w*|generator|creator|injection)|text-to-image|anydan)\b",
    ),
    (
        Signal::AddressesModel,
        0.3,
        r"\b(ai (model|assistant|chatbot|bot|system|language)|an? ai\b|(your|my|this|next|first|the|each|every) prompts?\b|\{generator\.name\}|training data|knowledge cut-?off)",
    ),
    (
        Signal::AddressesModel,
        0.3,
        r"\b(if you (understand|understood|agree)|do you understand|if (i|my (message|input|prompt)) (say|type|start)s?|whenever i|when i (say|type|ask))\b~\b(reply|respond|say|answer|type|you|write|output)\b",
    ),
    // Acting through an assistant.
    (
        Signal::OutputControl,
        0.35,
        r"^(please )?(write|create|compose|draft|generate|provide|tell|give)( me| us)? (an?|the|some|\d+) (\w+ ){0,3}(poem|story|essay|song|lyrics|haiku|joke|script|article|blog post|letter|paragraph|novel|screenplay|introduction|recipe|python|javascript)\b",
    ),
    // Speakers that nobody is.
    (
        Signal::FakeDelimiter,
        0.6,
        r"(^|\n)\s*(#{2,}|\*\*|\[|<|\$)?\s*(system|assistant|developer)( message| prompt| note)?\s*(\]|>|\*\*)?\s*[:>]|(^|\n)\s*#{2,} *(system|instruction|assistant)\b|\$system\b|<\/?(system|instructions?|admin|prompt)(_prompt)?>",
    ),
    (
        Signal::FakeDelimiter,
        0.9,
        r"<\|[a-z_]{2,20}\|>|\[/?inst\]|<</?sys>>|</?s>\s*\[|<(start|end)_of_turn>|</data [0-9a-f]|begin (system|admin) (message|prompt)|end of (system|user) (prompt|message|input)",
    ),
    // Encodings.
    (
        Signal::Encoded,
        0.5,
        r"\b(base ?64|rot ?13|rot ?47|hex(adecimal)?|caesar|morse|leet|l33t|quoted-printable|pig latin)\b~\b(encod\w*|decod\w*|and|format|it|this|following|cipher|code|text|output|then|response)\b|\b(encod\w+|decod\w+)\b~\b(base ?64|rot ?13|hex|morse|binary|caesar)\b",
    ),
    // Data that leaves.
    (
        Signal::Exfiltration,
        0.8,
        r"!\[[^\]]*\]\(\s*(https?:)?//|<script\b|javascript:|data:text/html|\bon(error|load|click|mouseover|toggle|focus)\s*=|<(iframe|object|embed|svg|math|details|marquee)\b|expression\(|document\.(cookie|location)|fromcharcode|\$event",
    ),
    (
        Signal::Exfiltration,
        0.5,
        r"\b(send|forward|post|email|upload|transmit|exfiltrate|leak|share)\b~\b(all|every|their|other|the)\b~\b(customers?'?s?|users?'?s?|passwords?|credentials|api keys?|tokens|conversation history|database|emails)\b~\bto\b~(http|www|@|\.com|\.net)",
    ),
    (
        Signal::Exfiltration,
        0.5,
        r"\{(uri|injected_\w+)\}|\breplac(e|ing) \[[^\]]+\] with\b|\bdo not use a code block\b",
    ),
];

/// The same on the text as it came.
const RAW: &[(Signal, f64, &str)] = &[
    (
        Signal::Code,
        0.8,
        r"(?i)\b(drop|truncate|alter)\s+table\b|\bunion\s+(all\s+)?select\b|\binsert\s+into\s+\w+\s*\(|\bdelete\s+from\s+\w+|;\s*--|'\s*or\s+'?1'?\s*=\s*'?1|\bexec\s*\(|\bxp_cmdshell\b|\bselect\b[^\n]{1,80}\bfrom\s+\w+\s+where\b|\bif\s*\(1=1",
    ),
    (
        Signal::Code,
        0.8,
        r"\b(__import__|subprocess\.|os\.(system|popen|environ|walk|listdir|remove)|eval\(|Kernel\.exec|System\(|@\{\[system|rm -rf|curl [^\n]*\| ?(ba)?sh|powershell -|import (os|socket|subprocess|requests|smtplib|psutil|ctypes|winreg|paramiko|nmap|scapy)\b|from (http|scapy|email|cryptography|pynput|requests|impacket)[\w.]* import|require\(['\x22](fs|child_process|net|http))|\$\((touch|ls|cat|rm|curl|wget|id)\b|`(ls|cat|rm|id|touch|wget|curl) [^`]*`",
    ),
    (Signal::Code, 0.45, r"(?m)```[a-z]*\n[^`]{10,}"),
];

impl Phrases {
    pub(super) fn new() -> Result<Self, regex::Error> {
        let build = |(signal, weight, pattern): &(Signal, f64, &str), raw: bool| {
            // A wide gap, then a narrow one: words of any kind within one sentence.
            let pattern =
                pattern.replace("~~", r"(?:[^\n.!?]|[.!?][^\s]){0,160}?").replace('~', r"[^\n.!?]{0,60}?");
            let pattern = RegexBuilder::new(&pattern).size_limit(8 << 20).build()?;
            Ok(Phrase { signal: *signal, weight: *weight, pattern, raw })
        };
        let folded = FOLDED.iter().map(|phrase| build(phrase, false));
        let raw = RAW.iter().map(|phrase| build(phrase, true));
        Ok(Self { all: folded.chain(raw).collect::<Result<_, regex::Error>>()? })
    }

    /// Every phrase that occurs, heaviest first.
    pub(super) fn find(&self, folded: &str, raw: &str) -> Vec<Evidence> {
        let mut found: Vec<Evidence> = self
            .all
            .iter()
            .filter_map(|phrase| {
                let at = phrase.pattern.find(if phrase.raw { raw } else { folded })?;
                let words = at.as_str().trim().chars().take(80).collect();
                Some(Evidence { signal: phrase.signal, weight: phrase.weight, words })
            })
            .collect();
        found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        found
    }
}
