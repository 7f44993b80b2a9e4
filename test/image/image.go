package main

import (
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const homepage = "https://github.com/coder-satellite/kubectl-coder-satellite"

// newIndex joins the images of all releases and their bills of materials. The bills are members of the index too, for a
// platform that no node has: so every tool that copies an image takes them along, and a registry lists them as
// referrers of the image that they describe.
func newIndex(releases []release) (v1.ImageIndex, error) {
	first := releases[0]
	var images, bills []mutate.IndexAddendum
	for _, from := range releases {
		if from.commit != first.commit {
			return nil, fmt.Errorf("the archive for %s was built from commit %s, the one for %s from %s; run: make image",
				first.arch, first.commit, from.arch, from.commit)
		}
		image, err := newImage(from)
		if err != nil {
			return nil, fmt.Errorf("linux/%s: %w", from.arch, err)
		}
		subject, err := partial.Descriptor(image)
		if err != nil {
			return nil, err
		}
		images = append(images, mutate.IndexAddendum{
			Add: runnable{image}, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: from.arch}},
		})
		bill, err := newBill(from, *subject)
		if err != nil {
			return nil, err
		}
		bills = append(bills, mutate.IndexAddendum{
			Add: bill, Descriptor: v1.Descriptor{
				Platform:     &v1.Platform{OS: "unknown", Architecture: "unknown"},
				ArtifactType: billType,
			},
		})
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), append(images, bills...)...)
	return mutate.Annotations(index, labels(first)).(v1.ImageIndex), nil
}

// runnable is an image whose descriptor in an index has no artifactType: the library would set it to the config's type,
// and the field is for what is not an image.
type runnable struct{ v1.Image }

// ArtifactType returns nothing.
func (runnable) ArtifactType() (string, error) { return "", nil }

// newImage returns the image for one architecture.
func newImage(from release) (v1.Image, error) {
	system, err := newLayer(systemFiles(), time.Unix(0, 0))
	if err != nil {
		return nil, err
	}
	plugin, err := newLayer(pluginFiles(from), from.time)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: from.time.UTC()}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: system, History: v1.History{Created: created, CreatedBy: "make image", Comment: "users, certificates, " + writable}},
		mutate.Addendum{Layer: plugin, History: v1.History{Created: created, CreatedBy: "make image", Comment: binaryName + " " + from.version}})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", from.arch, created
	config.Config = v1.Config{
		User:       fmt.Sprintf("%d:%[1]d", nonroot),
		Entrypoint: []string{entrypoint},
		// Caches and evidence of failures go below HOME.
		Env:        []string{"PATH=/usr/local/bin", "HOME=" + writable, "SSL_CERT_FILE=" + certificatesFile},
		WorkingDir: "/",
		Labels:     labels(from),
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	return mutate.Annotations(image, labels(from)).(v1.Image), nil
}

// labels say what the image is. They stand in the config, where container engines show them, and as annotations in the
// manifests, where registries do. Source: https://github.com/opencontainers/image-spec/blob/main/annotations.md.
func labels(from release) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":         "coder-satellite",
		"org.opencontainers.image.description":   "Moves Coder v1 regions to satellites",
		"org.opencontainers.image.version":       from.version,
		"org.opencontainers.image.revision":      from.commit,
		"org.opencontainers.image.created":       from.time.UTC().Format(time.RFC3339),
		"org.opencontainers.image.source":        homepage,
		"org.opencontainers.image.url":           homepage,
		"org.opencontainers.image.documentation": homepage + "/blob/" + from.version + "/README.md",
		"org.opencontainers.image.licenses":      "Apache-2.0",
	}
}
