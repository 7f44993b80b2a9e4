// Package printer shows documents of v1alpha1, as text for people or as JSON, YAML and templates for programs, and the
// progress of a run. It gets documents and events only, never clients.
//
// Texts from APIs and users are escaped before they reach a terminal, and secrets are removed: from documents in New,
// from everything else in Escape. Text takes at most Options.Width columns, except manifest diffs and commands to copy.
package printer
