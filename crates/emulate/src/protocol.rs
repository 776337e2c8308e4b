//! The files that the harness reads and writes, and what a run returns.

use std::time::Duration;

use crate::case::Case;
use crate::error::EmulateError;
use crate::profile::Profile;

/// "TWI1", as in `harness.c`.
const MAGIC: u32 = u32::from_le_bytes(*b"TWI1");

/// Which cases to run, with which inputs.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The runs in order.
    pub runs: Vec<RunRequest>,
    /// Whether to count instructions and cycles.
    pub profile: bool,
    /// How long the program may take in all.
    pub timeout: Duration,
    /// Bytes from a 16-byte boundary to the start of every input and output, to try unaligned tensors; at most 15.
    pub tensor_offset: u32,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRequest {
    /// Index of the case.
    pub case: usize,
    /// The bytes of each of its inputs.
    pub inputs: Vec<Vec<u8>>,
    /// Whether the case goes on from the state that its last run left; otherwise that is reset first.
    pub resume: bool,
}

impl Default for RunOptions {
    /// No runs, no profile, two minutes, aligned tensors.
    fn default() -> RunOptions {
        RunOptions {
            runs: Vec::new(),
            profile: false,
            timeout: Duration::from_secs(120),
            tensor_offset: 0,
        }
    }
}

impl RunOptions {
    /// Adds a run of the case with that index on these inputs, from its first state.
    pub fn add(&mut self, case: usize, inputs: Vec<Vec<u8>>) -> &mut RunOptions {
        self.push(case, inputs, false)
    }

    /// Adds a run that goes on from the state that the case's last run left.
    pub fn resume(&mut self, case: usize, inputs: Vec<Vec<u8>>) -> &mut RunOptions {
        self.push(case, inputs, true)
    }

    fn push(&mut self, case: usize, inputs: Vec<Vec<u8>>, resume: bool) -> &mut RunOptions {
        self.runs.push(RunRequest {
            case,
            inputs,
            resume,
        });
        self
    }

    /// Adds a run of the case with that index for each sample; sample i has the i-th piece of every input file. Each goes on from the
    /// state that the one before left.
    ///
    /// # Errors
    /// The number of files is not the case's number of inputs, or a file is not a whole number of samples, the
    /// same in all files.
    pub fn add_samples(
        &mut self,
        cases: &[Case],
        case: usize,
        files: &[Vec<u8>],
    ) -> Result<&mut RunOptions, EmulateError> {
        let described = cases
            .get(case)
            .ok_or_else(|| no_such_case(case, cases.len()))?;
        let wrong = |what: String| EmulateError::Input {
            case: described.name.clone(),
            what,
        };
        if files.len() != described.inputs.len() {
            return Err(wrong(format!(
                "{} input files are given, {} are needed",
                files.len(),
                described.inputs.len()
            )));
        }
        let mut samples = None;
        for (i, (file, &size)) in files.iter().zip(&described.inputs).enumerate() {
            let size = size as usize;
            if size == 0 || file.is_empty() || file.len() % size != 0 {
                return Err(wrong(format!(
                    "input {i} has {} bytes, which is no multiple of {size}",
                    file.len()
                )));
            }
            let count = file.len() / size;
            if *samples.get_or_insert(count) != count {
                return Err(wrong(format!(
                    "input {i} holds {count} samples, other inputs hold another number"
                )));
            }
        }
        for s in 0..samples.unwrap_or(1) {
            let piece = |(file, &size): (&Vec<u8>, &u32)| {
                file[s * size as usize..(s + 1) * size as usize].to_vec()
            };
            let inputs = files.iter().zip(&described.inputs).map(piece).collect();
            self.push(case, inputs, s > 0);
        }
        Ok(self)
    }
}

/// What one run of a case returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRun {
    /// Index of the case.
    pub case: usize,
    /// What the entry returned; 0 is success.
    pub status: i32,
    /// What the run wrote past the end of: `arena`, `output`, `input`, `stack`, `state`.
    pub overruns: Vec<&'static str>,
    /// Bytes of stack below the harness's call; 0 where it is not measured.
    pub stack: u32,
    /// The bytes of each output.
    pub outputs: Vec<Vec<u8>>,
}

impl CaseRun {
    /// Whether the entry returned 0 and wrote only where it may.
    pub fn is_clean(&self) -> bool {
        self.status == 0 && self.overruns.is_empty()
    }
}

/// What a program returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// The runs, in the order in which they were asked for.
    pub runs: Vec<CaseRun>,
    /// The profile of each run, in the same order; empty unless asked for.
    pub profiles: Vec<Profile>,
    /// The deepest stack of all runs in bytes.
    pub stack_high_water: u32,
}

fn no_such_case(case: usize, cases: usize) -> EmulateError {
    EmulateError::Input {
        case: case.to_string(),
        what: format!("there is no such case; the program has {cases}"),
    }
}

/// The input file's bytes.
pub(crate) fn encode(cases: &[Case], options: &RunOptions) -> Result<Vec<u8>, EmulateError> {
    let count = u32::try_from(options.runs.len()).map_err(|_| EmulateError::Input {
        case: "all".to_owned(),
        what: "more than 4294967295 runs".to_owned(),
    })?;
    if options.tensor_offset > 15 {
        return Err(EmulateError::Input {
            case: "all".to_owned(),
            what: format!("tensor offset {} is more than 15", options.tensor_offset),
        });
    }
    let mut file = Vec::new();
    for word in [MAGIC, count, options.tensor_offset] {
        file.extend(word.to_le_bytes());
    }
    for RunRequest {
        case: index,
        inputs,
        resume,
    } in &options.runs
    {
        let case = cases
            .get(*index)
            .ok_or_else(|| no_such_case(*index, cases.len()))?;
        let sizes: Vec<usize> = inputs.iter().map(Vec::len).collect();
        if !sizes
            .iter()
            .copied()
            .eq(case.inputs.iter().map(|&s| s as usize))
        {
            return Err(EmulateError::Input {
                case: case.name.clone(),
                what: format!(
                    "inputs of {sizes:?} bytes are given, {:?} are needed",
                    case.inputs
                ),
            });
        }
        file.extend((*index as u32).to_le_bytes());
        file.extend(u32::from(*resume).to_le_bytes());
        inputs.iter().for_each(|input| file.extend(input));
    }
    Ok(file)
}

/// The results in the output file `bytes`.
pub(crate) fn decode(
    cases: &[Case],
    options: &RunOptions,
    bytes: &[u8],
) -> Result<Vec<CaseRun>, EmulateError> {
    let mut rest = bytes;
    let mut runs = Vec::with_capacity(options.runs.len());
    for RunRequest { case: index, .. } in &options.runs {
        let case = &cases[*index];
        let [status, flags, stack] = [word(&mut rest)?, word(&mut rest)?, word(&mut rest)?];
        let mut outputs = Vec::with_capacity(case.outputs.len());
        for &size in &case.outputs {
            outputs.push(take(&mut rest, size as usize)?.to_vec());
        }
        let buffers = ["arena", "output", "input", "stack", "state"];
        runs.push(CaseRun {
            case: *index,
            status: status as i32,
            overruns: (0..buffers.len())
                .filter(|bit| flags >> bit & 1 == 1)
                .map(|bit| buffers[bit])
                .collect(),
            stack,
            outputs,
        });
    }
    if word(&mut rest)? != MAGIC || !rest.is_empty() {
        return Err(too_short());
    }
    Ok(runs)
}

fn word(rest: &mut &[u8]) -> Result<u32, EmulateError> {
    let bytes = take(rest, 4)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], EmulateError> {
    let (taken, left) = rest.split_at_checked(count).ok_or_else(too_short)?;
    *rest = left;
    Ok(taken)
}

fn too_short() -> EmulateError {
    EmulateError::Format {
        file: "tw_out.bin".to_owned(),
        what: "does not hold the results of every run".to_owned(),
    }
}
