//! Arguments from bytes.

use crate::abi::*;
use crate::host::handles::Kind;
use std::collections::BTreeSet;

/// The bytes, and what was learnt from the host's answers.
pub(super) struct Source {
    bytes: Vec<u8>,
    at: usize,
    /// Handles that were seen, of whatever callback.
    pub handles: Vec<u64>,
    pub contexts: Vec<Context>,
    pub depth: usize,
    pub succeeded: BTreeSet<&'static str>,
    /// The first function that panicked.
    pub panicked: Option<&'static str>,
}

/// Text that means something to some function.
const WORDS: &[&str] = &[
    "",
    "main",
    "loop",
    "value",
    "sym_name",
    "level",
    "arith.addi",
    "arith.constant",
    "func.func",
    "func.return",
    "scf.for",
    "scf.yield",
    "nn.add",
    "nn.constant",
    "fuzz.op",
    "fuzz.other",
    "builtin.module",
    "i32",
    "tensor<2x!quant.uniform<i8:f32, 5.000000e-01:3>>",
    "dense<[1, 2]> : tensor<2xi8>",
    "[1, \"x\", {a = @b}]",
    "#fuzz.attr<1>",
    "!fuzz.type",
    "i32} : () -> () \"a.b\"() {",
    "before-lowering",
    "dce",
    "dsp",
    "any",
    "\"func.func\"() <{function_type = () -> (), sym_name = \"g\"}> ({\n\"func.return\"() : () -> ()\n}) : () -> ()",
    "no name",
    "name = \"fuzz\"\nkind = \"core\"\ndescription = \"d\"\nsource = \"s\"\nbase = \"cortex-m4\"",
    "é\"\\\n",
    "(nn.relu ?x)",
    "nn.offload",
];

impl Source {
    pub fn new(bytes: &[u8]) -> Source {
        Source {
            bytes: bytes.to_vec(),
            at: 0,
            handles: Vec::new(),
            contexts: Vec::new(),
            depth: 0,
            succeeded: BTreeSet::new(),
            panicked: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next byte; 0 behind the end.
    pub fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    fn number(&mut self) -> u64 {
        match self.byte() {
            n @ 0..=127 => u64::from(n % 5),
            n @ 128..=191 => [8, 16, 32, 64][n as usize % 4],
            192..=223 => u64::from_le_bytes(std::array::from_fn(|_| self.byte())),
            224..=239 => u64::MAX - u64::from(self.byte()),
            n => 1 << (n % 64),
        }
    }

    /// A handle, mostly of a kind, mostly alive.
    fn handle(&mut self, kind: Kind) -> u64 {
        let how = self.byte();
        let of_kind = |h: &&u64| **h >> 60 == kind as u64;
        match how {
            // Those seen last are the most likely to be alive.
            0..=223 => {
                let back = how as usize % 16;
                let mut last = self.handles.iter().rev().filter(of_kind);
                last.nth(back).copied().unwrap_or(0)
            }
            224..=239 => {
                let i = self.byte() as usize * 256 + self.byte() as usize;
                match self.handles.len() {
                    0 => 0,
                    n => self.handles[i % n],
                }
            }
            // Another bit of a real one.
            240..=247 => self.handles.last().copied().unwrap_or(0) ^ (1 << (self.byte() % 64)),
            _ => self.number(),
        }
    }

    /// The kind of the handles of a list.
    fn kind(&mut self) -> Kind {
        match self.byte() {
            0..=109 => Kind::Value,
            110..=219 => Kind::Type,
            220..=249 => Kind::Attr,
            _ => Kind::Op,
        }
    }

    /// The context, mostly.
    pub fn context(&mut self, running: Context) -> Context {
        match self.byte() {
            0..=250 => running,
            251 | 252 => self.contexts.first().copied().unwrap_or(running),
            _ => Context(self.number()),
        }
    }

    pub fn status(&mut self) -> Status {
        match self.byte() % 8 {
            0..=4 => Status::OK,
            5 => Status::NO_MATCH,
            6 => Status::FAILED,
            _ => Status(self.number() as i32),
        }
    }

    fn text(&mut self) -> Vec<u8> {
        match self.byte() {
            255 => (0..self.byte() % 16).map(|_| self.byte()).collect(),
            n => WORDS[n as usize % WORDS.len()].into(),
        }
    }

    fn length(&mut self) -> usize {
        match self.byte() {
            0..=127 => 0,
            n => (n % 4).into(),
        }
    }
}

/// An argument of a host function.
pub(super) trait Draw: Sized {
    /// What owns the argument's storage.
    type Slot;
    fn slot(s: &mut Source) -> Self::Slot;
    fn given(slot: &mut Self::Slot) -> Self;
    /// Keeps the handles of an answer.
    fn learn(_slot: &Self::Slot, _s: &mut Source) {}
}

macro_rules! numbers {
    ($($ty:ty = $draw:expr;)*) => {
        $(impl Draw for $ty {
            type Slot = $ty;
            fn slot(s: &mut Source) -> $ty {
                let draw: fn(&mut Source) -> $ty = $draw;
                draw(s)
            }
            fn given(slot: &mut $ty) -> $ty {
                *slot
            }
        })*
    };
}

numbers! {
    u32 = |s| s.number() as u32;
    u64 = |s| s.number();
    i64 = |s| s.number() as i64;
    f64 = |s| f64::from_bits(s.number());
    Op = |s| Op(s.handle(Kind::Op));
    Block = |s| Block(s.handle(Kind::Block));
    Region = |s| Region(s.handle(Kind::Region));
    Value = |s| Value(s.handle(Kind::Value));
    Type = |s| Type(s.handle(Kind::Type));
    Attr = |s| Attr(s.handle(Kind::Attr));
    Loc = |s| Loc(s.handle(Kind::Loc));
}

macro_rules! lists {
    ($($ty:ident of $elem:ty = $draw:expr;)*) => {
        $(impl Draw for $ty {
            type Slot = Vec<$elem>;
            fn slot(s: &mut Source) -> Vec<$elem> {
                let draw: fn(&mut Source) -> $elem = $draw;
                (0..s.length()).map(|_| draw(s)).collect()
            }
            fn given(slot: &mut Vec<$elem>) -> $ty {
                $ty {
                    data: slot.as_ptr().cast(),
                    len: slot.len(),
                }
            }
        })*
    };
}

lists! {
    I64s of i64 = |s| s.number() as i64;
}

impl Draw for Handles {
    type Slot = Vec<u64>;
    fn slot(s: &mut Source) -> Vec<u64> {
        let kind = s.kind();
        (0..s.length()).map(|_| s.handle(kind)).collect()
    }
    fn given(slot: &mut Vec<u64>) -> Handles {
        Handles {
            data: slot.as_ptr(),
            len: slot.len(),
        }
    }
}

impl Draw for Bytes {
    type Slot = Vec<u8>;
    fn slot(s: &mut Source) -> Vec<u8> {
        let len = s.number() % 33;
        (0..len).map(|_| s.byte()).collect()
    }
    fn given(slot: &mut Vec<u8>) -> Bytes {
        Bytes {
            data: slot.as_ptr(),
            len: slot.len(),
        }
    }
}

impl Draw for Str {
    type Slot = Vec<u8>;
    fn slot(s: &mut Source) -> Vec<u8> {
        s.text()
    }
    fn given(slot: &mut Vec<u8>) -> Str {
        Str {
            data: slot.as_ptr().cast(),
            len: slot.len(),
        }
    }
}

impl Draw for NamedAttrs {
    type Slot = (Vec<Vec<u8>>, Vec<NamedAttr>);
    fn slot(s: &mut Source) -> Self::Slot {
        let mut names: Vec<Vec<u8>> = (0..s.length()).map(|_| s.text()).collect();
        let attrs = names
            .iter_mut()
            .map(|n| NamedAttr {
                name: Str::given(n),
                value: Attr(s.handle(Kind::Attr)),
            })
            .collect();
        (names, attrs)
    }
    fn given(slot: &mut Self::Slot) -> NamedAttrs {
        NamedAttrs {
            data: slot.1.as_ptr(),
            len: slot.1.len(),
        }
    }
}

/// What can be learnt from an answer.
pub(super) trait Answer: Default {
    fn handles(&self) -> Vec<u64> {
        Vec::new()
    }
}

macro_rules! answers {
    ($($ty:ty = $handles:expr;)*) => {
        $(impl Answer for $ty {
            fn handles(&self) -> Vec<u64> {
                let handles: fn(&$ty) -> Vec<u64> = $handles;
                handles(self)
            }
        })*
    };
}

answers! {
    u32 = |_| Vec::new();
    u64 = |_| Vec::new();
    i64 = |_| Vec::new();
    f64 = |_| Vec::new();
    Str = |t| none(&read(t.data.cast::<u8>(), t.len));
    Bytes = |b| none(&read(b.data, b.len));
    I64s = |l| none(&read(l.data, l.len));
    Quant = |q| none(&read(q.scales.data, q.scales.len));
    Op = |h| vec![h.0];
    Block = |h| vec![h.0];
    Region = |h| vec![h.0];
    Value = |h| vec![h.0];
    Type = |h| vec![h.0];
    Attr = |h| vec![h.0];
    Loc = |h| vec![h.0];
    Handles = |l| read(l.data, l.len).to_vec();
    NamedAttrs = |l| read(l.data, l.len).iter().map(|a| a.value.0).collect();
}

fn none<T>(_: &[T]) -> Vec<u64> {
    Vec::new()
}

/// What the host lent: every element is read, for the sanitizers.
fn read<T: Copy>(data: *const T, len: usize) -> Vec<T> {
    // SAFETY: answers of the host are valid while its callback runs, and are looked at inside of it.
    let lent = unsafe { super::super::incoming::slice(data, len) };
    lent.map(<[T]>::to_vec).unwrap_or_default()
}

impl<T: Answer> Draw for *mut T {
    type Slot = (T, bool);
    fn slot(s: &mut Source) -> (T, bool) {
        (T::default(), s.byte() == 255)
    }
    fn given(slot: &mut (T, bool)) -> *mut T {
        match slot.1 {
            true => std::ptr::null_mut(),
            false => &raw mut slot.0,
        }
    }
    fn learn(slot: &(T, bool), s: &mut Source) {
        let new = slot.0.handles();
        s.handles
            .extend(new.into_iter().filter(|&h| h != 0).take(64));
    }
}

/// Structs: a slot owns the struct and what it points to.
macro_rules! records {
    ($($ty:ident { $($field:ident: $fty:ty),* ; $($plain:ident: $pty:ty),* } $extra:expr;)*) => {
        $(impl Draw for *const $ty {
            type Slot = (Box<$ty>, Vec<Box<dyn std::any::Any>>);
            fn slot(s: &mut Source) -> Self::Slot {
                let mut record = Box::<$ty>::default();
                let owned: Vec<Box<dyn std::any::Any>> = vec![$({
                    let mut slot = Box::new(<$fty as Draw>::slot(s));
                    record.$field = <$fty as Draw>::given(&mut slot);
                    slot
                }),*];
                $(record.$plain = <$pty as Draw>::slot(s);)*
                let extra: fn(&mut $ty, &mut Source) = $extra;
                extra(&mut record, s);
                (record, owned)
            }
            fn given(slot: &mut Self::Slot) -> *const $ty {
                &raw const *slot.0
            }
        })*
    };
}

/// The right size, mostly.
fn size<T>(s: &mut Source) -> u32 {
    match s.byte() {
        255 => s.number() as u32 % (size_of::<T>() as u32 + 1),
        _ => size_of::<T>() as u32,
    }
}

/// A function that does nothing.
unsafe extern "C" fn nothing(_: *mut std::ffi::c_void, _: Context, _: Op) -> Status {
    Status::OK
}

unsafe extern "C" fn no_cost(_: *mut std::ffi::c_void, _: Context, _: Op, _: *mut Cost) -> Status {
    Status::OK
}

records! {
    OpState {
        name: Str, operands: Handles, result_types: Handles, props: NamedAttrs, attrs: NamedAttrs;
        regions: u32, loc: Loc, before: Op, block: Block
    } |r, s| {
        r.size = size::<OpState>(s);
        if s.byte() < 128 {
            r.loc = Loc(0);
        }
        if s.byte() < 128 {
            r.before = Op(0);
        }
    };
    Datum { bytes: Bytes; kind: u32, integer: i64, real: f64 } |_, _| {};
    OpInfo { name: Str, docs: Str; traits: u32, regions: u64 } |r, s| r.size = size::<OpInfo>(s);
    Interfaces { ; reserved: u32 } |r, s| {
        r.size = size::<Interfaces>(s);
        r.fold = Some(nothing);
    };
    PassInfo { name: Str, anchor: Str, summary: Str; flags: u32 } |r, s| {
        r.size = size::<PassInfo>(s);
        r.run = Some(nothing);
    };
    PatternInfo { name: Str, root: Str, equation: Str; benefit: u32 } |r, s| {
        r.size = size::<PatternInfo>(s);
        r.apply = Some(nothing);
    };
    ScheduleInfo { name: Str, op: Str; reserved: u32 } |r, s| {
        r.size = size::<ScheduleInfo>(s);
        r.applies = Some(nothing);
        r.lower = Some(nothing);
        r.cost = Some(no_cost);
    };
}
