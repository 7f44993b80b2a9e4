// Package verify connects to a workspace of a region through its satellite and
// through the primary, as its owner's clients do, and compares the two. It
// changes nothing.
//
// The connections carry the operator's token, so that a satellite gets it only
// if the primary trusts the very key that it serves.
package verify
