// Command image makes a container image of the plugin from the archives that test/dist built: an OCI image layout with
// linux/amd64, linux/arm64 and a bill of materials for each. It needs neither a container engine nor a registry, and
// has no base image. The same archives give the same bytes.
//
// Run it with `make image`.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	version  string
	releases string
	out      string
}

func parse(args []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&o.version, "version", "", "the release's tag, for example v0.1.0; also the image's tag in the layout")
	flags.StringVar(&o.releases, "releases", "", "the folder with linux-amd64 and linux-arm64, each written by test/dist for that platform")
	flags.StringVar(&o.out, "out", "", "the folder to write the image layout to; one that exists is replaced")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for name, value := range map[string]string{"version": o.version, "releases": o.releases, "out": o.out} {
		if value == "" {
			return options{}, fmt.Errorf("-%s is missing; run: make image", name)
		}
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	var releases []release
	for _, arch := range []string{"amd64", "arm64"} {
		from, err := readRelease(o.releases, o.version, arch)
		if err != nil {
			return err
		}
		releases = append(releases, from)
	}
	index, err := newIndex(releases)
	if err != nil {
		return err
	}
	if err := write(o.out, o.version, index); err != nil {
		return fmt.Errorf("write the image to %s: %w", o.out, err)
	}
	return describe(stdout, o.out, index)
}

// write replaces the folder by a layout that holds the index alone, tagged with the version. It refuses a folder that
// holds anything else than a layout.
func write(dir, version string, index v1.ImageIndex) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := layout.FromPath(dir); err != nil {
			return errors.New("the folder exists and is no image layout: name another, or remove it")
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version}))
}

// describe prints the digest, which identifies the image, and for each platform what a node downloads and unpacks.
func describe(w io.Writer, dir string, index v1.ImageIndex) error {
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s\n", dir, digest)
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, descriptor := range manifest.Manifests {
		if descriptor.ArtifactType != "" {
			continue
		}
		image, err := index.Image(descriptor.Digest)
		if err != nil {
			return err
		}
		download, unpacked, err := sizes(image)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %s: %.1f MB to download, %.1f MB unpacked\n", descriptor.Platform, megabytes(download), megabytes(unpacked))
	}
	return nil
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// sizes adds up the layers of an image, in bytes: compressed, and as tar archives.
func sizes(image v1.Image) (compressed, unpacked int64, err error) {
	layers, err := image.Layers()
	if err != nil {
		return 0, 0, err
	}
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return 0, 0, err
		}
		compressed += size
		content, err := layer.Uncompressed()
		if err != nil {
			return 0, 0, err
		}
		size, err = io.Copy(io.Discard, content)
		if err := errors.Join(err, content.Close()); err != nil {
			return 0, 0, err
		}
		unpacked += size
	}
	return compressed, unpacked, nil
}
