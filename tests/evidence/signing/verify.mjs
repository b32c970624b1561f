// Sigstore's own verifier, of bundles that a key signed: node verify.mjs PUBLIC.pem KEYDETAILS BUNDLE…
// Prints one line for each bundle, `verified` or `refused: why`.
import { bundleFromJSON } from '@sigstore/bundle';
import { PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [pem, details, ...paths] = process.argv.slice(2);
const spki = createPublicKey(readFileSync(pem)).export({ type: 'spki', format: 'der' });
const root = TrustedRoot.fromJSON({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [],
});
const key = { rawBytes: spki, keyDetails: PublicKeyDetails[details], validFor: { start: new Date(0) } };
for (const path of paths) {
  try {
    const bundle = bundleFromJSON(JSON.parse(readFileSync(path, 'utf8')));
    const keys = { [bundle.verificationMaterial.content.publicKey.hint]: key };
    const settings = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
    new Verifier(toTrustMaterial(root, keys), settings).verify(toSignedEntity(bundle));
    console.log('verified');
  } catch (fault) {
    console.log(`refused: ${fault.code ?? fault.message}`);
  }
}
