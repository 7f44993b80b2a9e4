package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// billType is the type of a CycloneDX document. Source: https://cyclonedx.org/specification/overview/.
	billType = "application/vnd.cyclonedx+json"
	// emptyType and emptyConfig stand for "no config". Source:
	// https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor.
	emptyType   = types.MediaType("application/vnd.oci.empty.v1+json")
	emptyConfig = "{}"
)

// bill is an OCI artifact with one layer, the bill of materials, whose subject is the image that it describes.
type bill struct {
	manifest []byte
	document v1.Layer
}

// newBill returns the release's bill of materials as an artifact about the subject.
func newBill(from release, subject v1.Descriptor) (v1.Image, error) {
	document := static.NewLayer(from.bill, billType)
	layer, err := partial.Descriptor(document)
	if err != nil {
		return nil, err
	}
	layer.Annotations = map[string]string{
		"org.opencontainers.image.title": fmt.Sprintf("%s_%s_linux_%s.cdx.json", binaryName, from.version, from.arch),
	}
	config, size, err := v1.SHA256(bytes.NewReader([]byte(emptyConfig)))
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		ArtifactType:  billType,
		Config:        v1.Descriptor{MediaType: emptyType, Size: size, Digest: config},
		Layers:        []v1.Descriptor{*layer},
		Subject:       &v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest},
		Annotations:   labels(from),
	})
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(bill{manifest: manifest, document: document})
}

func (b bill) RawManifest() ([]byte, error) { return b.manifest, nil }

func (b bill) RawConfigFile() ([]byte, error) { return []byte(emptyConfig), nil }

func (b bill) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

func (b bill) LayerByDigest(v1.Hash) (partial.CompressedLayer, error) { return b.document, nil }
