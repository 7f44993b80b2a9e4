// Package printer shows documents of v1alpha1, as text for people or as JSON,
// YAML and templates for programs, and the progress of a run. It sees documents
// and events only, never clients.
//
// Whatever an API or a user supplied is escaped before it reaches a terminal.
// Text is at most Options.Width columns wide, except for manifest diffs and for
// commands to copy, which are never broken.
package printer
