package codertest

import (
	"io"
	"log" //nolint:depguard // http.Server takes no other logger
)

// quiet drops net/http's log: faults cause resets on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
