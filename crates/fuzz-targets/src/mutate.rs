//! Random mutations: of bytes, of little-endian words, of the tokens and lines of a text.

use testgen::Choices;

/// What inputs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Syntax {
    /// Tokens and lines.
    Text,
    /// Little-endian words, as in a flatbuffer.
    Words,
    /// Some are text, some are words.
    Either,
}

/// Numbers that sizes, offsets and ranges break on.
const NUMBERS: [&str; 18] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "8",
    "127",
    "128",
    "-128",
    "-129",
    "255",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
];

const WORDS: [u32; 10] = [
    0,
    1,
    2,
    4,
    0xff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    u32::MAX,
];

/// Makes new inputs of old ones.
#[derive(Clone, Debug)]
pub struct Mutator {
    random: Choices,
    syntax: Syntax,
    max_len: usize,
}

impl Mutator {
    /// One whose mutations follow from a seed.
    pub fn new(seed: u64, syntax: Syntax, max_len: usize) -> Mutator {
        Mutator {
            random: Choices::from_seed(seed),
            syntax,
            max_len,
        }
    }

    /// A number below `n`; 0 if there is none.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u32::try_from(n).unwrap_or(u32::MAX).max(1);
        self.random.below(n) as usize
    }

    /// A mutation of one of `of`, partly by parts of `pool`; neither may be empty.
    pub fn mutate(&mut self, of: &[Vec<u8>], pool: &[Vec<u8>]) -> Vec<u8> {
        let mut data = of[self.below(of.len())].clone();
        let times = [1, 1, 1, 2, 3, 5, 8][self.below(7)];
        for _ in 0..times {
            let other = &pool[self.below(pool.len())];
            let as_text = match self.syntax {
                Syntax::Text => self.below(8) > 0,
                Syntax::Words => false,
                Syntax::Either => data.is_ascii(),
            };
            if as_text {
                self.text(&mut data, other);
            } else {
                self.bytes(&mut data, other);
            }
        }
        data.truncate(self.max_len);
        data
    }

    fn range(&mut self, len: usize, most: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        let end = (start + self.below(most + 1)).min(len);
        start..end
    }

    fn bytes(&mut self, data: &mut Vec<u8>, other: &[u8]) {
        let len = data.len();
        let at = self.below(len);
        match self.below(if self.syntax == Syntax::Text { 6 } else { 10 }) {
            0 if len > 0 => data[at] ^= 1 << self.below(8),
            1 if len > 0 => data[at] = self.below(256) as u8,
            2 => drop(data.drain(self.range(len, 16))),
            3 => data.insert(at, self.below(256) as u8),
            4 => {
                let from = self.range(other.len(), 64);
                data.splice(at..at, other[from].iter().copied());
            }
            5 => data.truncate(len - self.below(len / 4 + 1)),
            // What is left are words; shifting a flatbuffer's bytes breaks it at once, so these keep the length.
            _ if len >= 4 => {
                let at = at.min(len - 4) & !3;
                let word = match self.below(4) {
                    0 => WORDS[self.below(WORDS.len())],
                    1 => self.below(16) as u32,
                    2 => {
                        let old = u32::from_le_bytes([
                            data[at],
                            data[at + 1],
                            data[at + 2],
                            data[at + 3],
                        ]);
                        old.wrapping_add(self.below(9) as u32).wrapping_sub(4)
                    }
                    _ => self.random.below(u32::MAX),
                };
                data[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
            _ => data.push(self.below(256) as u8),
        }
    }

    fn text(&mut self, data: &mut Vec<u8>, other: &[u8]) {
        if self.below(4) == 0 {
            return self.lines(data, other);
        }
        let tokens = tokens(data);
        let theirs = tokens_of_nonempty(other);
        let (mut at, to) = (self.below(tokens.len()), self.below(tokens.len()));
        let kind = self.below(9);
        if kind < 4
            && let Some(i) =
                (at..tokens.len()).find(|&i| tokens[i].first().is_some_and(u8::is_ascii_digit))
        {
            at = i;
        }
        let Some(&token) = tokens.get(at) else {
            data.extend_from_slice(other);
            return;
        };
        let new: Vec<u8> = match kind {
            0..2 => NUMBERS[self.below(NUMBERS.len())].as_bytes().to_vec(),
            2..4 => self.below(20).to_string().into_bytes(),
            4 => Vec::new(),
            5 => [token, b" ", token].concat(),
            6 => tokens[to].to_vec(),
            7 => theirs
                .get(self.below(theirs.len()))
                .map_or(Vec::new(), |t| t.to_vec()),
            _ => {
                let from = self.below(theirs.len());
                let count = self.below(12);
                let part = theirs.iter().skip(from).take(count);
                part.copied().collect::<Vec<_>>().concat()
            }
        };
        *data = [tokens[..at].concat(), new, tokens[at + 1..].concat()].concat();
    }

    fn lines(&mut self, data: &mut Vec<u8>, other: &[u8]) {
        let mut lines: Vec<&[u8]> = data.split_inclusive(|&c| c == b'\n').collect();
        let theirs: Vec<&[u8]> = other.split_inclusive(|&c| c == b'\n').collect();
        let at = self.below(lines.len());
        let range = self.range(lines.len(), 3);
        match self.below(4) {
            0 => drop(lines.drain(range)),
            1 => {
                let copied = lines[range].to_vec();
                lines.splice(at..at, copied);
            }
            2 => {
                let moved: Vec<&[u8]> = lines.drain(range).collect();
                let at = self.below(lines.len());
                lines.splice(at..at, moved);
            }
            _ => {
                let from = self.range(theirs.len(), 3);
                lines.splice(at..at, theirs[from].iter().copied());
            }
        }
        *data = lines.concat();
    }
}

fn tokens_of_nonempty(text: &[u8]) -> Vec<&[u8]> {
    let mut all = tokens(text);
    all.retain(|t| !t.iter().all(u8::is_ascii_whitespace));
    all
}

/// A text's words, numbers, spaces and single other characters; together they are the text.
fn tokens(text: &[u8]) -> Vec<&[u8]> {
    fn class(c: u8) -> u8 {
        match c {
            b'0'..=b'9' => 0,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.' | 0x80.. => 1,
            b' ' | b'\n' | b'\t' | b'\r' => 2,
            _ => 3,
        }
    }
    text.chunk_by(|&a, &b| class(a) == class(b) && class(a) != 3)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_together_are_the_text() {
        let text = b"%0 = \"arith.addi\"(%1, %23) : (i32) -> \xff";
        assert_eq!(tokens(text).concat(), text);
        assert!(tokens(text).contains(&b"23".as_slice()));
    }

    #[test]
    fn mutations_follow_from_the_seed_and_keep_the_length_limit() {
        let pool = [b"builtin.module(dce,a{b=1})\n".to_vec(), vec![0; 30]];
        for syntax in [Syntax::Text, Syntax::Words, Syntax::Either] {
            let run = || {
                let mut m = Mutator::new(7, syntax, 40);
                (0..500).map(|_| m.mutate(&pool, &pool)).collect::<Vec<_>>()
            };
            let all = run();
            assert_eq!(all, run());
            assert!(all.iter().all(|d| d.len() <= 40));
            let changed = all.iter().filter(|d| !pool.contains(d)).count();
            assert!(changed > 400, "{changed} of 500 differ");
        }
    }

    #[test]
    fn nothing_can_be_mutated() {
        let mut m = Mutator::new(1, Syntax::Either, 10);
        for _ in 0..200 {
            m.mutate(&[Vec::new()], &[Vec::new()]);
        }
    }
}
