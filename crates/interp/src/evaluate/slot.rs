//! Inputs and outputs: what their elements are, how many there are, and values that follow from a seed.

use super::Settings;
use ir::interfaces::Datum;
use ir::{FloatKind, Module, Type, TypeData};

/// Elements of a one-dimensional buffer whose length is not in its type.
const DYNAMIC_LENGTH: u64 = 64;

/// What an element is in memory; a quantised element is its storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Element {
    /// An integer of a width of at most 64 bits.
    Int(u32),
    /// `index`.
    Index,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// A float of another format: 16 bits.
    Half,
}

impl Element {
    fn of(m: &Module, ty: Type) -> Option<Element> {
        match m.type_data(ty) {
            TypeData::Integer(w @ 1..=64) => Some(Element::Int(*w)),
            TypeData::Index => Some(Element::Index),
            TypeData::Float(FloatKind::F32) => Some(Element::F32),
            TypeData::Float(FloatKind::F64) => Some(Element::F64),
            TypeData::Float(FloatKind::F16 | FloatKind::BF16) => Some(Element::Half),
            TypeData::Quant(q) => Some(Element::Int(q.storage_width)),
            _ => None,
        }
    }

    /// Bytes in memory.
    pub fn bytes(self) -> usize {
        match self {
            Element::Int(w) => w.div_ceil(8).next_power_of_two() as usize,
            Element::Index | Element::F32 => 4,
            Element::F64 => 8,
            Element::Half => 2,
        }
    }

    /// Whether two elements are equal; NaNs are.
    pub fn same(self, a: &[u8], b: &[u8]) -> bool {
        a == b || (self.is_nan(a) && self.is_nan(b))
    }

    fn is_nan(self, bytes: &[u8]) -> bool {
        match self {
            Element::F32 => f32::from_bits(raw(bytes) as u32).is_nan(),
            Element::F64 => f64::from_bits(raw(bytes)).is_nan(),
            _ => false,
        }
    }

    /// The element as a person reads it.
    pub fn text(self, bytes: &[u8]) -> String {
        let bits = raw(bytes);
        match self {
            Element::Int(1) => (bits & 1).to_string(),
            Element::F32 => format!("{:?}", f32::from_bits(bits as u32)),
            Element::F64 => format!("{:?}", f64::from_bits(bits)),
            Element::Half => format!("{bits:#06x}"),
            Element::Int(_) | Element::Index => {
                let unused = 64 - 8 * bytes.len().min(8) as u32;
                (((bits << unused) as i64) >> unused).to_string()
            }
        }
    }

    /// Appends a value in memory; `None` if it is of another kind.
    pub(super) fn store(self, value: &Datum, out: &mut Vec<u8>) -> Option<()> {
        let bits = match (self, value) {
            (Element::Int(1), Datum::Int(x)) => (x & 1) as u64,
            (Element::Int(_) | Element::Index, Datum::Int(x)) => *x as u64,
            (Element::F32, Datum::F32(x)) => x.to_bits().into(),
            (Element::F64, Datum::F64(x)) => x.to_bits(),
            _ => return None,
        };
        out.extend_from_slice(&bits.to_le_bytes()[..self.bytes()]);
        Some(())
    }
}

fn raw(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let n = bytes.len().min(8);
    word[..n].copy_from_slice(&bytes[..n]);
    u64::from_le_bytes(word)
}

/// What an input or output holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    /// What its elements are.
    pub element: Element,
    /// How many there are.
    pub count: u64,
    /// Whether it is a single scalar, neither a tensor nor a vector nor a buffer.
    pub scalar: bool,
}

impl Slot {
    /// The slot of a value of a type; `None` if its values are not known.
    pub fn of(m: &Module, ty: Type) -> Option<Slot> {
        if let Some(element) = Element::of(m, ty) {
            return Some(Slot {
                element,
                count: 1,
                scalar: true,
            });
        }
        let data = m.type_data(ty);
        let shape = data.shape()?;
        let count = if shape == [TypeData::DYNAMIC] {
            DYNAMIC_LENGTH
        } else {
            m.num_elements(ty)?
        };
        let inner = Slot::of(m, data.elem()?)?;
        Some(Slot {
            element: inner.element,
            count: count.checked_mul(inner.count)?,
            scalar: false,
        })
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> Option<usize> {
        usize::try_from(self.count)
            .ok()?
            .checked_mul(self.element.bytes())
    }

    /// Whether values of two slots are comparable and take the same inputs.
    pub fn fits(&self, other: &Slot) -> bool {
        (self.element, self.count) == (other.element, other.count)
    }

    /// Its bytes as the `index`-th input of a function in some sample.
    pub(super) fn fill(
        &self,
        settings: &Settings,
        function: &str,
        index: usize,
        sample: usize,
    ) -> Vec<u8> {
        let mut random = Random(settings.seed);
        for &b in function.as_bytes() {
            random.stir(b.into());
        }
        for x in [index as u64, sample as u64, self.count, self.tag()] {
            random.stir(x);
        }
        self.draw(&mut random, sample)
    }

    /// Bytes as in some sample.
    pub(super) fn draw(&self, random: &mut Random, sample: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes().unwrap_or(0));
        for _ in 0..self.count {
            let spread = if sample % 4 == 3 {
                random.below(3) as usize
            } else {
                sample % 4
            };
            let bits = self.element_bits(random, spread);
            out.extend_from_slice(&bits.to_le_bytes()[..self.element.bytes()]);
        }
        out
    }

    fn tag(&self) -> u64 {
        match self.element {
            Element::Int(w) => w.into(),
            Element::Index => 100,
            Element::F32 => 101,
            Element::F64 => 102,
            Element::Half => 103,
        }
    }

    /// Small numbers, uniform ones, extreme ones. Floats in tensors and buffers are finite and at most 1000; an index is small, so
    /// that it may count or point.
    fn element_bits(&self, r: &mut Random, spread: usize) -> u64 {
        match self.element {
            Element::Int(1) => r.next() & 1,
            Element::Int(width) => {
                let x = match spread {
                    0 => r.below(12) as i64 - 3,
                    1 => r.next() as i64,
                    _ => [i64::MIN, i64::MAX, i64::MAX - 1, i64::MIN + 1, -1, 0, 1]
                        [r.below(7) as usize],
                };
                let unused = 64 - width;
                // The ends of the range are the top bits, everything else the low ones.
                let x = if spread > 1 && x.unsigned_abs() > 1 {
                    x >> unused
                } else {
                    (x << unused) >> unused
                };
                x as u64
            }
            Element::Index => match spread {
                0 => r.below(9),
                1 => r.below(65),
                _ => (i64::from([0i32, 1, -1, 2, i32::MAX, i32::MIN][r.below(6) as usize])) as u64,
            },
            Element::F32 => u64::from((self.float(r, spread) as f32).to_bits()),
            Element::F64 => self.float(r, spread).to_bits(),
            Element::Half => r.next() & 0x3fff,
        }
    }

    fn float(&self, r: &mut Random, spread: usize) -> f64 {
        const ODD: [f64; 10] = [
            0.0,
            -0.0,
            0.5,
            -0.5,
            1.0,
            6.0,
            1e-40,
            1000.0,
            -1000.0,
            1.0 / 3.0,
        ];
        const SCALAR: [f64; 5] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 3e38, -1e-45];
        match spread {
            0 => r.below(9) as f64 - 4.0,
            1 => (r.below(1 << 23) as f64 - 4_194_304.0) / 1_048_576.0,
            _ if self.scalar && r.below(2) == 0 => SCALAR[r.below(5) as usize],
            _ => ODD[r.below(10) as usize],
        }
    }
}

/// Steele, Lea and Flood's SplitMix64.
pub(super) struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Makes everything that follows depend on `x`.
    pub fn stir(&mut self, x: u64) {
        self.0 ^= x;
        self.0 = self.next();
    }

    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }
}
