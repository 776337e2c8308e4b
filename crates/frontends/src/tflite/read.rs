//! From a file's bytes to a validated model.

use std::ops::Range;

use super::model::{Metadata, Operator, OperatorKind, Signature, Subgraph, Tensor, TfliteModel};
use super::options::{self, OptionsError};
use super::table::{OutOfFile, Table};
use super::{Options, builtin, codes, graph, limits, schema, structure, tensor};
use crate::error::ImportErrors;
use crate::finding::{CONVERT_AGAIN, Finding, Findings};

/// Reads and validates a TFLite file; `file` is the name that errors give it.
///
/// Time and memory are proportional to `bytes`. Ranges in the result are ranges of `bytes`.
///
/// # Errors
/// Every defect found, with the codes of [`codes`].
pub fn read(bytes: &[u8], file: &str) -> Result<TfliteModel, ImportErrors> {
    let mut findings = Findings::new(file);
    if !structure::check(bytes, &mut findings) {
        return Err(findings.into_errors());
    }
    let mut reader = Reader {
        bytes,
        findings,
        buffers: Vec::new(),
        codes: Vec::new(),
    };
    match reader.model() {
        Ok(model) => reader.findings.into_errors().into_result(model),
        Err(OutOfFile(at)) => {
            let message = format!("the value at byte {at} lies outside the file");
            reader
                .findings
                .add(None, Finding::new(codes::DAMAGED, message, CONVERT_AGAIN));
            Err(reader.findings.into_errors())
        }
    }
}

/// A code's kind and version; the kind is negative or nameless only in a faulty file.
pub(super) fn operator_kind(code: &Table<'_>) -> Result<(OperatorKind, i32), OutOfFile> {
    use schema::operator_code as f;
    // Files older than the wide field have the code in the narrow one only; newer ones cap the narrow one at 127.
    let narrow = i32::from(code.i8(f::DEPRECATED_BUILTIN_CODE, 0)?);
    let wide = code.i32(f::BUILTIN_CODE, 0)?;
    let number = u32::try_from(narrow.max(wide)).unwrap_or(u32::MAX);
    let kind = if number == builtin::CUSTOM {
        let name = code.string(f::CUSTOM_CODE)?;
        let kept = &name[..name.len().min(limits::MAX_NAME_BYTES)];
        OperatorKind::Custom(String::from_utf8_lossy(kept).into_owned())
    } else {
        OperatorKind::Builtin(number)
    };
    Ok((kind, code.i32(f::VERSION, 1)?))
}

struct Reader<'a> {
    bytes: &'a [u8],
    findings: Findings<'a>,
    /// Where each buffer's data lie; empty for buffers without data.
    buffers: Vec<Range<usize>>,
    codes: Vec<(OperatorKind, i32)>,
}

impl Reader<'_> {
    fn model(&mut self) -> Result<TfliteModel, OutOfFile> {
        use schema::model as f;
        let table = Table::root(self.bytes)?;
        let version = table.u32(f::VERSION, 0)?;
        if version != schema::VERSION {
            self.add(Finding::new(
                codes::SCHEMA_VERSION,
                format!("its schema version is {version}, not {}", schema::VERSION),
                "convert the model with a current TensorFlow",
            ));
        }
        let description = self.name("the model's description", table.string(f::DESCRIPTION)?);
        self.read_buffers(&table)?;
        self.read_codes(&table)?;
        let mut subgraphs = Vec::new();
        for (index, subgraph) in table.tables(f::SUBGRAPHS)?.iter().enumerate() {
            subgraphs.push(self.subgraph(index, &subgraph?)?);
        }
        if subgraphs.is_empty() {
            self.add(Finding::new(
                codes::NO_SUBGRAPH,
                "it holds no graph",
                CONVERT_AGAIN,
            ));
        }
        let metadata = self.metadata(&table)?;
        let signatures = self.signatures(&table, &subgraphs)?;
        Ok(TfliteModel {
            version,
            description,
            subgraphs,
            metadata,
            signatures,
        })
    }

    fn add(&mut self, finding: Finding) {
        self.findings.add(None, finding);
    }

    fn name(&mut self, what: &str, name: &[u8]) -> String {
        let kept = &name[..name.len().min(limits::MAX_NAME_BYTES)];
        if kept.len() < name.len() {
            let message = format!(
                "{what} has {} bytes, more than {}",
                name.len(),
                limits::MAX_NAME_BYTES
            );
            self.add(Finding::new(
                codes::LIMIT,
                message,
                "give shorter names before converting",
            ));
        }
        String::from_utf8_lossy(kept).into_owned()
    }

    fn read_buffers(&mut self, model: &Table<'_>) -> Result<(), OutOfFile> {
        use schema::buffer as f;
        let buffers = model.tables(schema::model::BUFFERS)?;
        self.buffers.reserve_exact(buffers.len());
        for (index, buffer) in buffers.iter().enumerate() {
            let buffer = buffer?;
            let (offset, size) = (buffer.u64(f::OFFSET, 0)?, buffer.u64(f::SIZE, 0)?);
            let inside = buffer.byte_range(f::DATA)?.unwrap_or(0..0);
            // Data behind the flatbuffer, counted from the file's start; 0 and 1 mean that there are none.
            if offset <= 1 || !inside.is_empty() {
                self.buffers.push(inside);
                continue;
            }
            let range = usize::try_from(offset).ok().and_then(|start| {
                let end = start.checked_add(usize::try_from(size).ok()?)?;
                (end <= self.bytes.len()).then_some(start..end)
            });
            if range.is_none() {
                self.add(Finding::new(
                    codes::BUFFER_DATA,
                    format!(
                        "buffer {index} has {size} bytes from byte {offset} on, but the file has {}",
                        self.bytes.len()
                    ),
                    "the file was cut off; convert or download it again",
                ));
            }
            self.buffers.push(range.unwrap_or(0..0));
        }
        Ok(())
    }

    fn read_codes(&mut self, model: &Table<'_>) -> Result<(), OutOfFile> {
        for (index, code) in model
            .tables(schema::model::OPERATOR_CODES)?
            .iter()
            .enumerate()
        {
            let (kind, version) = operator_kind(&code?)?;
            match &kind {
                OperatorKind::Custom(name) if name.is_empty() => {
                    let message =
                        format!("operator code {index} is a custom operator without a name");
                    self.add(Finding::new(codes::CUSTOM_NAME, message, CONVERT_AGAIN));
                }
                OperatorKind::Builtin(u32::MAX) => {
                    let message = format!("operator code {index} is negative");
                    self.add(Finding::new(codes::OPERATOR_CODE, message, CONVERT_AGAIN));
                }
                _ => {}
            }
            self.codes.push((kind, version));
        }
        Ok(())
    }

    fn subgraph(&mut self, index: usize, table: &Table<'_>) -> Result<Subgraph, OutOfFile> {
        use schema::subgraph as f;
        let name = self.name("a graph's name", table.string(f::NAME)?);
        let mut tensors = Vec::new();
        let mut of_tensors: Vec<(usize, Finding)> = Vec::new();
        for (i, entry) in table.tables(f::TENSORS)?.iter().enumerate() {
            let entry = entry?;
            let name = self.name(
                &format!("the name of tensor {i}"),
                entry.string(schema::tensor::NAME)?,
            );
            let mut found = Vec::new();
            tensors.push(tensor::read(&entry, name, &self.buffers, &mut found)?);
            of_tensors.extend(found.into_iter().map(|finding| (i, finding)));
        }
        let mut of_operators = Vec::new();
        let mut operators = Vec::new();
        for (i, entry) in table.tables(f::OPERATORS)?.iter().enumerate() {
            operators.push(self.operator(i, &entry?, tensors.len(), &mut of_operators)?);
        }
        let inputs = self.graph_tensors(index, "input", table.i32s(f::INPUTS)?, tensors.len());
        let outputs = self.graph_tensors(index, "output", table.i32s(f::OUTPUTS)?, tensors.len());
        let graph = Subgraph {
            name,
            tensors,
            inputs,
            outputs,
            operators,
        };

        let sound = of_tensors.is_empty() && of_operators.is_empty();
        let owners = if of_tensors.is_empty() {
            Vec::new()
        } else {
            owners(&graph)
        };
        for (tensor, finding) in of_tensors {
            let owner = owners.get(tensor).copied().flatten();
            self.findings
                .add(owner.map(|i| graph.operator_ref(index, i)), finding);
        }
        for (operator, finding) in of_operators {
            self.findings
                .add(Some(graph.operator_ref(index, operator)), finding);
        }
        // The order is judged only where tensors and operators are what the file means them to be.
        if sound {
            for (operator, finding) in graph::check(&graph) {
                self.findings
                    .add(operator.map(|i| graph.operator_ref(index, i)), finding);
            }
        }
        Ok(graph)
    }

    fn graph_tensors(
        &mut self,
        graph: usize,
        what: &str,
        indices: impl ExactSizeIterator<Item = i32>,
        tensors: usize,
    ) -> Vec<usize> {
        if indices.len() > limits::MAX_OPERANDS {
            let message = format!(
                "graph {graph} has {} {what}s, more than {}",
                indices.len(),
                limits::MAX_OPERANDS
            );
            self.add(Finding::new(
                codes::LIMIT,
                message,
                "reduce the model's interface",
            ));
            return Vec::new();
        }
        let mut kept = Vec::with_capacity(indices.len());
        for number in indices {
            match usize::try_from(number) {
                Ok(i) if i < tensors => kept.push(i),
                _ => self.add(Finding::new(
                    codes::GRAPH_TENSOR,
                    format!("an {what} of graph {graph} is tensor {number}, but the graph has {tensors} tensors"),
                    CONVERT_AGAIN,
                )),
            }
        }
        kept
    }

    fn operator(
        &self,
        index: usize,
        table: &Table<'_>,
        tensors: usize,
        findings: &mut Vec<(usize, Finding)>,
    ) -> Result<Operator, OutOfFile> {
        use schema::operator as f;
        let mut add = |code, message: String, help: &str| {
            findings.push((index, Finding::new(code, message, help)))
        };
        let code = table.u32(f::OPCODE_INDEX, 0)?;
        let known = usize::try_from(code)
            .ok()
            .and_then(|code| self.codes.get(code))
            .cloned();
        let is_known = known.is_some();
        let (kind, version) = known.unwrap_or_else(|| {
            let message = format!(
                "its operator code is number {code} of a list of {}",
                self.codes.len()
            );
            add(codes::OPERATOR_CODE, message, CONVERT_AGAIN);
            (OperatorKind::Builtin(builtin::PLACEHOLDER), 1)
        });
        let operands = |slot| -> Result<Vec<i32>, usize> {
            match table.i32s(slot) {
                Ok(list) if list.len() > limits::MAX_OPERANDS => Err(list.len()),
                Ok(list) => Ok(list.collect()),
                // The verifier has seen the vector.
                Err(OutOfFile(_)) => Ok(Vec::new()),
            }
        };
        let mut checked = |what: &str, slot, optional: bool| -> Vec<Option<usize>> {
            let list = operands(slot).unwrap_or_else(|len| {
                let message = format!("it has {len} {what}s, more than {}", limits::MAX_OPERANDS);
                add(codes::LIMIT, message, "reduce the model");
                Vec::new()
            });
            let mut kept = Vec::with_capacity(list.len());
            for (position, number) in list.into_iter().enumerate() {
                match usize::try_from(number) {
                    Ok(i) if i < tensors => kept.push(Some(i)),
                    _ if optional && number == -1 => kept.push(None),
                    _ => add(
                        codes::OPERATOR_TENSOR,
                        format!(
                            "its {what} {position} is tensor {number}, but the graph has {tensors} tensors"
                        ),
                        CONVERT_AGAIN,
                    ),
                }
            }
            kept
        };
        let inputs = checked("input", f::INPUTS, true);
        let outputs: Vec<usize> = checked("output", f::OUTPUTS, false)
            .into_iter()
            .flatten()
            .collect();
        let intermediates: Vec<usize> = checked("intermediate", f::INTERMEDIATES, true)
            .into_iter()
            .flatten()
            .collect();
        if outputs.is_empty()
            && !matches!(kind.builtin_name(), Some("CALL_ONCE" | "ASSIGN_VARIABLE"))
            && is_known
        {
            add(
                codes::NO_OUTPUT,
                "it writes no tensor".into(),
                CONVERT_AGAIN,
            );
        }
        let options = match options::read(table, &kind) {
            Ok(options) => options,
            Err(OptionsError::OutOfFile(error)) => return Err(error),
            Err(OptionsError::Missing) => {
                add(
                    codes::OPTIONS_MISSING,
                    "its parameters are missing".into(),
                    CONVERT_AGAIN,
                );
                Options::None
            }
            Err(OptionsError::WrongKind(found)) => {
                let message = format!(
                    "it carries the parameters of another operator (kind {found} of the schema)"
                );
                add(codes::OPTIONS_KIND, message, CONVERT_AGAIN);
                Options::Unread(found)
            }
            Err(OptionsError::Value(name, value)) => {
                add(
                    codes::OPTIONS_VALUE,
                    format!("its parameter {name} cannot be {value}"),
                    CONVERT_AGAIN,
                );
                Options::None
            }
        };
        Ok(Operator {
            index,
            kind,
            version,
            inputs,
            outputs,
            intermediates,
            options,
        })
    }

    fn metadata(&mut self, model: &Table<'_>) -> Result<Vec<Metadata>, OutOfFile> {
        use schema::metadata as f;
        let mut entries = Vec::new();
        for entry in model.tables(schema::model::METADATA)?.iter() {
            let entry = entry?;
            let name = self.name("a metadata entry's name", entry.string(f::NAME)?);
            let index = entry.u32(f::BUFFER, 0)?;
            match usize::try_from(index)
                .ok()
                .and_then(|i| self.buffers.get(i))
                .cloned()
            {
                Some(data) => entries.push(Metadata { name, data }),
                None => {
                    let message = format!(
                        "metadata \"{name}\" refers to buffer {index}, but the file has {}",
                        self.buffers.len()
                    );
                    self.add(Finding::new(codes::BUFFER_INDEX, message, CONVERT_AGAIN));
                }
            }
        }
        Ok(entries)
    }

    fn signatures(
        &mut self,
        model: &Table<'_>,
        graphs: &[Subgraph],
    ) -> Result<Vec<Signature>, OutOfFile> {
        use schema::signature as f;
        let mut signatures = Vec::new();
        for entry in model.tables(schema::model::SIGNATURE_DEFS)?.iter() {
            let entry = entry?;
            let key = self.name("a signature's name", entry.string(f::KEY)?);
            let index = entry.u32(f::SUBGRAPH_INDEX, 0)?;
            let Some(subgraph) = usize::try_from(index).ok().filter(|&i| i < graphs.len()) else {
                let message = format!(
                    "signature \"{key}\" refers to graph {index}, but the file has {}",
                    graphs.len()
                );
                self.add(Finding::new(codes::SUBGRAPH_INDEX, message, CONVERT_AGAIN));
                continue;
            };
            let tensors = &graphs[subgraph].tensors;
            let inputs = self.tensor_map(&key, &entry, f::INPUTS, tensors)?;
            let outputs = self.tensor_map(&key, &entry, f::OUTPUTS, tensors)?;
            signatures.push(Signature {
                key,
                subgraph,
                inputs,
                outputs,
            });
        }
        Ok(signatures)
    }

    fn tensor_map(
        &mut self,
        key: &str,
        signature: &Table<'_>,
        slot: flatbuffers::VOffsetT,
        tensors: &[Tensor],
    ) -> Result<Vec<(String, usize)>, OutOfFile> {
        use schema::tensor_map as f;
        let mut map = Vec::new();
        for entry in signature.tables(slot)?.iter() {
            let entry = entry?;
            let name = self.name("a signature's alias", entry.string(f::NAME)?);
            let index = entry.u32(f::TENSOR_INDEX, 0)?;
            match usize::try_from(index).ok().filter(|&i| i < tensors.len()) {
                Some(tensor) => map.push((name, tensor)),
                None => {
                    let message = format!(
                        "signature \"{key}\" names tensor {index} \"{name}\", but the graph has {} tensors",
                        tensors.len()
                    );
                    self.add(Finding::new(codes::GRAPH_TENSOR, message, CONVERT_AGAIN));
                }
            }
        }
        Ok(map)
    }
}

/// The operator to name for each tensor: the one that writes it, else the first that reads it.
fn owners(graph: &Subgraph) -> Vec<Option<usize>> {
    let mut owners = vec![None; graph.tensors.len()];
    for operator in &graph.operators {
        for &input in operator.inputs.iter().flatten() {
            owners[input].get_or_insert(operator.index);
        }
    }
    for operator in graph.operators.iter().rev() {
        for &output in &operator.outputs {
            owners[output] = Some(operator.index);
        }
    }
    owners
}
