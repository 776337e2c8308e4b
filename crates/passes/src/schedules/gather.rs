//! `nn.gather`: indices that are loops in equal steps (a range, every second one, all in reverse, each of them or all of them several times)
//! are read so; of others there is a table of places.

use super::walk::{Copies, Dim, Places, Walk};
use ir::OpRef;
use ir::dialects::nn::{GatherOp, Picks, shape};
use pass::{RegistryBuilder, RegistryError};

fn walk(op: OpRef<'_>) -> Option<Walk> {
    let input = shape(op.module, op.operand(0)?);
    let (mut start, mut dims) = (0i64, Vec::new());
    for (d, list) in Picks::of(op)?.along.into_iter().enumerate() {
        let unit: i64 = input[d + 1..].iter().product();
        let Some(list) = list else {
            dims.push(Dim {
                extent: input[d],
                places: Places::Step(unit),
            });
            continue;
        };
        match loops(&list) {
            Some(loops) => {
                start += list[0] * unit;
                dims.extend(loops.into_iter().map(|(extent, step)| Dim {
                    extent,
                    places: Places::Step(step * unit),
                }));
            }
            None => dims.push(Dim {
                extent: list.len() as i64,
                places: Places::Table(list.iter().map(|i| i * unit).collect()),
            }),
        }
    }
    Walk::of(op, start, dims)
}

/// A list as loops, outermost first, each with its count and the step from one turn to the next; `None` if it is none.
fn loops(list: &[i64]) -> Option<Vec<(i64, i64)>> {
    let &[first, second, ..] = list else {
        return Some(Vec::new());
    };
    let step = second - first;
    let goes_on = |w: &&[i64]| w[1] - w[0] == step;
    let count = 1 + list.windows(2).take_while(goes_on).count();
    let whole = list.chunks_exact(count);
    let even =
        whole.remainder().is_empty() && whole.clone().all(|c| c.windows(2).all(|w| goes_on(&w)));
    if !even {
        return None;
    }
    let starts: Vec<i64> = whole.map(|c| c[0]).collect();
    let mut all = loops(&starts)?;
    all.push((count as i64, step));
    Some(all)
}

/// Registers the schedule.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Copies {
        name: "gather",
        op: GatherOp::NAME,
        walk,
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_loops() {
        assert_eq!(loops(&[4]), Some(vec![]));
        assert_eq!(loops(&[4, 5, 6]), Some(vec![(3, 1)]));
        assert_eq!(loops(&[6, 4, 2, 0]), Some(vec![(4, -2)]));
        assert_eq!(loops(&[3, 3, 4, 4, 5, 5]), Some(vec![(3, 1), (2, 0)]));
        assert_eq!(loops(&[0, 1, 2, 0, 1, 2]), Some(vec![(2, 0), (3, 1)]));
        let nested = [0, 0, 1, 1, 0, 0, 1, 1];
        assert_eq!(loops(&nested), Some(vec![(2, 0), (2, 1), (2, 0)]));
        for none in [&[0, 0, 1][..], &[0, 1, 1, 3], &[0, 1, 3], &[1, 0, 2, 1, 5]] {
            assert_eq!(loops(none), None, "{none:?}");
        }
    }
}
