package snapshot

// What a region that is looked at holds open, and the program besides: connections to the
// satellite's and the provider's clusters, the satellite and the envproxy, and some that
// are being made or closed.
const (
	filesPerRegion = 6
	filesOfOurs    = 64
)
