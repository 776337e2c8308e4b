//! `nn.gather`: elements by constant indices along dimensions.

use super::layout::moved_elements;
use super::shape;
use crate::verify::VerifyCx;
use crate::{Attr, AttrData, DialectRegistryBuilder, Module, OpRef, RegistryError, define_op};

define_op! {
    /// `nn.gather`: elements by their indices along dimensions, `output[…, i, …] = input[…, indices[k][i], …]` along dimension `axes[k]`, all
    /// of them at once. `axes = array<i64: …>` rises, from 0; `indices = [array<i64: …>, …]` has a list for each of them, which is not empty,
    /// in any order and with any index as often as it likes.
    pub struct GatherOp = "nn.gather" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { axes: req I64Array, indices: req Array },
        verify: verify_gather,
    }
}

/// Which indices of each dimension are taken, in order: what an `nn.gather` does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picks {
    /// For each dimension the indices, or `None` for all that there are.
    pub along: Vec<Option<Vec<i64>>>,
}

impl Picks {
    /// Everything along `rank` dimensions.
    pub fn everything(rank: usize) -> Picks {
        Picks {
            along: vec![None; rank],
        }
    }

    /// Of an op `nn.gather`; `None` if its attributes are malformed.
    pub fn of(op: OpRef<'_>) -> Option<Picks> {
        let rank = shape(op.module, op.operand(0)?).len();
        Picks::read(op.module, op.prop("axes")?, op.prop("indices")?, rank)
    }

    /// What the attributes `axes` and `indices` say of `rank` dimensions; `None` if they are malformed.
    pub fn read(m: &Module, axes: Attr, indices: Attr, rank: usize) -> Option<Picks> {
        let axes = m.attr_i64s(axes)?;
        let AttrData::Array(lists) = m.attr_data(indices) else {
            return None;
        };
        let rises = axes.windows(2).all(|w| w[0] < w[1]);
        if !rises || axes.len() != lists.len() {
            return None;
        }
        let mut picks = Picks::everything(rank);
        for (&axis, &list) in axes.iter().zip(lists) {
            let list = m.attr_i64s(list).filter(|l| !l.is_empty())?;
            let at = picks.along.get_mut(usize::try_from(axis).ok()?)?;
            *at = Some(list.to_vec());
        }
        Some(picks)
    }

    /// The attributes that say so, by name.
    pub fn attributes(&self, m: &mut Module) -> [(&'static str, Attr); 2] {
        let picked = self.along.iter().enumerate();
        let picked: Vec<(i64, &Vec<i64>)> = picked
            .filter_map(|(d, list)| Some((d as i64, list.as_ref()?)))
            .collect();
        let axes: Vec<i64> = picked.iter().map(|p| p.0).collect();
        let lists = picked.iter().map(|p| m.i64s_attr(p.1)).collect();
        let lists = m.attr(AttrData::Array(lists));
        [("axes", m.i64s_attr(&axes)), ("indices", lists)]
    }

    /// The shape that is left of one; `None` if it has no such index.
    pub fn shape_of(&self, shape: &[i64]) -> Option<Vec<i64>> {
        let each = self.along.iter().zip(shape).map(|(list, &n)| match list {
            None => Some(n),
            Some(list) => {
                let all = list.iter().all(|i| (0..n).contains(i));
                (all && !list.is_empty()).then_some(list.len() as i64)
            }
        });
        let extents = each.collect::<Option<Vec<i64>>>()?;
        (self.along.len() == shape.len()).then_some(extents)
    }

    /// These of what others left: both in one. `None` if there is no such index.
    pub fn of_picked(&self, first: &Picks) -> Option<Picks> {
        let both = self.along.iter().zip(&first.along);
        let each = both.map(|(second, first)| {
            Some(match (second, first) {
                (None, list) | (list, None) => list.clone(),
                (Some(second), Some(first)) => {
                    let at = |&i: &i64| first.get(usize::try_from(i).ok()?).copied();
                    Some(second.iter().map(at).collect::<Option<_>>()?)
                }
            })
        });
        let along = each.collect::<Option<_>>()?;
        (self.along.len() == first.along.len()).then_some(Picks { along })
    }

    /// Whether everything of a shape is taken, and stays where it is.
    pub fn is_everything(&self, shape: &[i64]) -> bool {
        let whole = |(list, &n): (&Option<Vec<i64>>, &i64)| {
            list.as_ref().is_none_or(|l| l.iter().copied().eq(0..n))
        };
        self.along.iter().zip(shape).all(whole)
    }
}

fn verify_gather(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    moved_elements(op, cx);
    let m = op.module;
    let input = op.operand(0).map_or(&[][..], |v| shape(m, v));
    let output = op.results().first().map_or(&[][..], |&v| shape(m, v));
    let Some(want) = Picks::of(op).and_then(|p| p.shape_of(input)) else {
        cx.error(
            op,
            "V025",
            format!(
                "`axes` does not rise, or `indices` is not a list of indices of {input:?} for each of them"
            ),
        );
        return;
    };
    cx.check(want == output, op, "V023", || {
        format!("output {output:?} should be {want:?}")
    });
}

/// Registers the op.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(GatherOp::info())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(along: &[Option<&[i64]>]) -> Picks {
        Picks {
            along: along.iter().map(|l| l.map(<[i64]>::to_vec)).collect(),
        }
    }

    #[test]
    fn what_is_left_of_a_shape() {
        let p = picks(&[None, Some(&[2, 2, 0, 1])]);
        assert_eq!(p.shape_of(&[5, 3]), Some(vec![5, 4]));
        for wrong in [&[5, 2][..], &[5], &[5, 3, 1]] {
            assert_eq!(p.shape_of(wrong), None);
        }
        assert_eq!(picks(&[Some(&[])]).shape_of(&[1]), None);
        assert_eq!(picks(&[Some(&[-1])]).shape_of(&[1]), None);
    }

    #[test]
    fn picks_of_picks() {
        let first = picks(&[Some(&[3, 1, 1]), None, Some(&[0, 2]), None]);
        let second = picks(&[Some(&[2, 0]), Some(&[4]), None, None]);
        let both = picks(&[Some(&[1, 3]), Some(&[4]), Some(&[0, 2]), None]);
        assert_eq!(second.of_picked(&first), Some(both));
        assert_eq!(picks(&[Some(&[3])]).of_picked(&picks(&[Some(&[0])])), None);
    }

    #[test]
    fn everything_in_order() {
        assert!(Picks::everything(2).is_everything(&[2, 3]));
        assert!(picks(&[Some(&[0, 1]), None]).is_everything(&[2, 3]));
        assert!(!picks(&[Some(&[1, 0]), None]).is_everything(&[2, 3]));
        assert!(!picks(&[Some(&[0]), None]).is_everything(&[2, 3]));
    }
}
