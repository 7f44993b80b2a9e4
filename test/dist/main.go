// Command dist builds the files of a release: an archive for each platform, their checksums, an
// SBOM, and the krew manifest rendered from .krew.yaml with those checksums. The same commit
// gives the same bytes on any machine that builds with the Go version named in .go-version.
//
// Run it from the root of the repository: go run ./test/dist -version v0.1.0
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/Masterminds/semver/v3"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "dist: %v\n", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	version   string
	platforms []platform
	out       string
	template  string
	plugins   string
}

func parse(args []string, output io.Writer) (options, error) {
	var o options
	var platforms string
	flags := flag.NewFlagSet("dist", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&o.version, "version", "", "the release's tag, for example v0.1.0")
	flags.StringVar(&platforms, "platforms", "", "comma-separated OS/ARCH (default: all, and the krew manifest is rendered)")
	flags.StringVar(&o.out, "out", "dist", "the folder to write")
	flags.StringVar(&o.template, "template", ".krew.yaml", "the template of the krew manifest")
	flags.StringVar(&o.plugins, "plugins", "plugins", "the folder of the krew manifest")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(o.version, "v")); err != nil || !strings.HasPrefix(o.version, "v") {
		return options{}, fmt.Errorf("-version %q: want a tag like v0.1.0", o.version)
	}
	o.platforms = allPlatforms()
	if platforms != "" {
		o.plugins = ""
		var err error
		if o.platforms, err = parsePlatforms(platforms); err != nil {
			return options{}, err
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string, log io.Writer) error {
	o, err := parse(args, log)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return fmt.Errorf("run this from the root of the repository: %w", err)
	}
	source, err := readSource(ctx, log)
	if err != nil {
		return err
	}
	// Files of an earlier run must not end up in this release.
	if err := os.RemoveAll(o.out); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}

	work, err := os.MkdirTemp("", "dist")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	bill := newBill(o.version, source)
	var published []string
	for _, p := range o.platforms {
		binary := filepath.Join(work, p.os+"_"+p.arch, p.binary())
		if err := compile(ctx, p, o.version, source, binary); err != nil {
			return err
		}
		if err := bill.add(binary); err != nil {
			return err
		}
		archive := filepath.Join(o.out, p.archive(o.version))
		if err := pack(archive, source.time, binary, license); err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		published = append(published, archive)
		fmt.Fprintln(log, archive)
	}

	sbom := filepath.Join(o.out, binaryName+"_"+o.version+".cdx.json")
	if err := bill.write(sbom); err != nil {
		return err
	}
	published = append(published, sbom)
	if err := writeChecksums(filepath.Join(o.out, "checksums.txt"), published); err != nil {
		return err
	}
	if o.plugins == "" {
		return nil
	}
	manifest := filepath.Join(o.plugins, pluginName+".yaml")
	if err := renderManifest(o.template, manifest, o.version, o.out); err != nil {
		return err
	}
	fmt.Fprintln(log, manifest)
	return nil
}
