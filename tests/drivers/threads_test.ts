import { CW_THREADS } from "../../core/kinds.ts";
import { driverContract } from "../driver_contract.ts";

await driverContract(CW_THREADS);
