// Package redact takes secrets out of whatever is about to be shown or kept:
// documents, progress, errors, the journal and Events. It knows them by kind
// (the data of a Secret, wherever it is nested), by name (variables, flags and
// keys that are called like secrets) and by shape (passwords in URLs, private
// keys, tokens). It rather hides too much than too little, and never reports
// an error. It reaches nothing, and is safe for use by several goroutines.
package redact

// Mark stands where a secret was.
const Mark = "(redacted)"
