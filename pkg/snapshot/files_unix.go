//go:build unix

package snapshot

import (
	"math"

	"golang.org/x/sys/unix"
)

// openFiles returns how many files this process may hold open. Go raises the soft limit to the hard one.
func openFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}
