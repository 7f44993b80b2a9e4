// Package printer shows documents of v1alpha1, as text for people or as JSON,
// YAML and templates for programs, and the progress of a run. It sees documents
// and events only, never clients.
//
// Whatever an API or a user supplied is escaped before it reaches a terminal, and
// no text leaves without what looks like a secret being taken out of it: documents
// are gone through in New, everything else in Escape.
// Text is at most Options.Width columns wide, except for manifest diffs and for
// commands to copy, which are never broken.
package printer
