// Package measure asks, while a region is worked on, what users' clients ask, and says
// what they felt: how long the answers took before, meanwhile and afterwards, and for
// how long there was none. It changes nothing, and decides nothing.
package measure
