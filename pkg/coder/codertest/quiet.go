package codertest

import (
	"io"
	"log" //nolint:depguard // http.Server takes no other logger
)

// quiet drops what net/http would log: resets are what faults are for.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
