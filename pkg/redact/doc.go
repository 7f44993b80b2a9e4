// Package redact removes secrets from whatever is about to be shown or kept: documents, progress, errors, the journal and
// Events. It recognises them by kind (the data of a Secret, wherever it is nested), by name (variables, flags and keys
// named like secrets) and by shape (passwords in URLs, private keys, tokens). It prefers to hide too much, never reports
// an error, reaches nothing, and is safe for concurrent use.
package redact

// Mark stands where a secret was.
const Mark = "(redacted)"
