//! Splits CSV text into records of fields.

/// The fields of one record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Number of the line on which the record starts, from 1.
    pub(super) line: usize,
    /// The fields, unquoted; white space around unquoted fields is dropped.
    pub(super) fields: Vec<String>,
}

/// A quote that opens and never closes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnclosedQuote {
    /// Number of the line with the opening quote, from 1.
    pub(super) line: usize,
}

/// The records of a text; a blank line is no record.
pub(super) struct Records<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str) -> Records<'a> {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        Records { rest, line: 1 }
    }

    /// Takes a quoted field, whose opening quote is the first byte of the rest.
    fn quoted_field(&mut self) -> Result<String, UnclosedQuote> {
        let line = self.line;
        let mut field = String::new();
        self.rest = &self.rest[1..];
        loop {
            let Some(quote) = self.rest.find('"') else {
                self.rest = "";
                return Err(UnclosedQuote { line });
            };
            let part = &self.rest[..quote];
            field.push_str(part);
            self.line += part.matches('\n').count();
            self.rest = &self.rest[quote + 1..];
            match self.rest.strip_prefix('"') {
                Some(rest) => {
                    field.push('"');
                    self.rest = rest;
                }
                None => return Ok(field),
            }
        }
    }

    /// Takes what comes before the next separator.
    fn plain_field(&mut self) -> String {
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        let field = self.rest[..end].trim().to_owned();
        self.rest = &self.rest[end..];
        field
    }

    fn record(&mut self) -> Result<Record, UnclosedQuote> {
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            let mut field = String::new();
            let blank = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
            if self.rest[blank..].starts_with('"') {
                self.rest = &self.rest[blank..];
                field = self.quoted_field()?;
            }
            field.push_str(&self.plain_field());
            fields.push(field);
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        if let Some(rest) = self.rest.strip_prefix('\n') {
            self.rest = rest;
            self.line += 1;
        }
        Ok(Record { line, fields })
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, UnclosedQuote>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let end = self
                .rest
                .find('\n')
                .map_or(self.rest.len(), |newline| newline + 1);
            if !self.rest[..end].trim().is_empty() {
                return Some(self.record());
            }
            self.rest = &self.rest[end..];
            self.line += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<(usize, Vec<String>)> {
        Records::new(text)
            .map(|record| record.unwrap())
            .map(|record| (record.line, record.fields))
            .collect()
    }

    #[test]
    fn fields_lines_and_quotes() {
        let text = "\u{feff}a, b ,c\r\n\r\n1,\"x,\"\"y\"\"\nz\",3\n\n,,\nlast";
        let expected = [
            (1, vec!["a", "b", "c"]),
            (3, vec!["1", "x,\"y\"\nz", "3"]),
            (6, vec!["", "", ""]),
            (7, vec!["last"]),
        ];
        let expected: Vec<(usize, Vec<String>)> = expected
            .into_iter()
            .map(|(line, fields)| (line, fields.into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(records(text), expected);
        assert_eq!(records(" \n\t\n"), []);
    }

    #[test]
    fn a_quote_that_never_closes_names_its_line() {
        let mut records = Records::new("a\n1,\"2\n3");
        assert!(records.next().unwrap().is_ok());
        assert_eq!(records.next(), Some(Err(UnclosedQuote { line: 2 })));
        assert_eq!(records.next(), None);
    }
}
