import { assert, assertEquals } from "@std/assert";
import "reflect-metadata";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509Certificate } from "@peculiar/x509";
import { makeCertificate } from "../../../core/channel/certificate.ts";

const DAY_MS = 86_400_000;

Deno.test("a run's certificate is P-256, no authority's, for one name that can't be registered, and for 31 days", async () => {
  const madeMs = Date.now();
  const { der, name } = await makeCertificate("run-1");
  assertEquals(name, "run-1.blockfleet.invalid");
  const certificate = new X509Certificate(der);
  assertEquals(certificate.publicKey.algorithm, { name: "ECDSA", namedCurve: "P-256" } as Algorithm);
  assertEquals(certificate.getExtension(BasicConstraintsExtension)?.ca, false);
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.toJSON();
  assertEquals(names, [{ type: "dns", value: name }]);
  const daysTo = (date: Date) => (date.getTime() - madeMs) / DAY_MS;
  assert(Math.abs(daysTo(certificate.notBefore) + 1) < 0.01);
  assert(Math.abs(daysTo(certificate.notAfter) - 30) < 0.01);
});
