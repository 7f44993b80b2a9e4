//go:build unix

package snapshot

import (
	"math"

	"golang.org/x/sys/unix"
)

// openFiles is how many files this process may hold open. Go has raised the limit to what
// is allowed.
func openFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}
